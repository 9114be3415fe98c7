import { markup, type Markup } from '../../base/index.ts';
import { categoryColour, fitText, ink, margin, svgFigure, textWidth } from './frame.ts';

/** A cloud of points in categories. */
export interface ScatterPanel {
  readonly title: string;
  /** x and y of each point in turn. */
  readonly points: Float32Array;
  /** Category of each point; -1 for none. */
  readonly categories: Int32Array;
  /** Names of the categories. */
  readonly names: readonly string[];
}

/** Clouds side by side. */
export interface Scatter {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly panels: readonly ScatterPanel[];
}

const side = 430;
const gap = 30;
/** Between the points and their box. */
const inset = 22;
/** With more categories than this, points carry no names. */
const namesShown = 40;

/** Layouts of embeddings, coloured by category (TSP figures 4-7, TAC figure 4). */
export function scatterFigure({ title, subtitle, panels }: Scatter): string {
  const width = 2 * margin + Math.max(1, panels.length) * (side + gap) - gap;
  const places = panels.map(({ points }) => placement(points));
  const height = Math.max(200, ...places.map((place) => place.height));
  const body = panels.map((panel, at) => drawPanel(panel, places[at] ?? placement(panel.points), margin + at * (side + gap), height)); // prettier-ignore
  return svgFigure({ width, height: 28 + height, title, subtitle, body });
}

function drawPanel(panel: ScatterPanel, { at: place }: Placement, left: number, height: number): Markup {
  const { categories, names } = panel;
  const n = categories.length;
  const radius = Math.max(1.3, Math.min(4, 62 / Math.sqrt(Math.max(1, n))));
  // One path a category would hide the small ones below the large; spread over the rows, all show.
  const order = spreadOrder(n);
  const dots = order.map((row) => {
    const [x, y] = place(row);
    const category = categories[row] ?? -1;
    return markup`<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}" fill="${categoryColour(category, names.length)}"/>
`;
  });
  return markup`<g transform="translate(${left} 0)">
<text x="0" y="12" font-size="14" font-weight="600">${fitText(panel.title, 14, side)}</text>
<g transform="translate(0 28)"><rect width="${side}" height="${height.toFixed(1)}" fill="none" stroke="${ink.line}"/>
<g fill-opacity="0.78">
${dots}</g>
${names.length <= namesShown ? categoryNames(panel, place, height) : null}
</g></g>`;
}

type Place = (row: number) => readonly [x: number, y: number];

interface Placement {
  /** Of the box that holds all points. */
  readonly height: number;
  readonly at: Place;
}

/** Puts points into a box of the panel's width and at most its height: the same scale on both axes, y upwards. */
function placement(points: Float32Array): Placement {
  let [lowX, highX, lowY, highY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < points.length; at += 2) {
    const [x, y] = [points[at] ?? 0, points[at + 1] ?? 0];
    [lowX, highX, lowY, highY] = [Math.min(lowX, x), Math.max(highX, x), Math.min(lowY, y), Math.max(highY, y)];
  }
  const scale = (side - 2 * inset) / Math.max(highX - lowX, highY - lowY, 1e-12);
  const middle = (lowX + highX) / 2;
  const at: Place = (row) => [
    side / 2 + ((points[2 * row] ?? 0) - middle) * scale,
    inset + (highY - (points[2 * row + 1] ?? 0)) * scale,
  ];
  return { height: 2 * inset + (highY - lowY) * scale, at };
}

/** 0..n-1, neighbours far apart: steps of a fixed share of n that has no common factor with it. */
function spreadOrder(n: number): number[] {
  let step = Math.max(1, Math.round(n * 0.618));
  const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
  while (n > 1 && common(n, step) !== 1) step++;
  return Array.from({ length: n }, (_, at) => (at * step) % n);
}

/** Each name at the middle of its points, moved up or down where names would overlap. */
function categoryNames({ categories, names }: ScatterPanel, place: Place, height: number): Markup[] {
  const members: number[][] = names.map(() => []);
  categories.forEach((category, row) => members[category]?.push(row));
  const size = names.length > 15 ? 11 : 12.5;
  const taken: { x: number; y: number; half: number }[] = [];
  const largestFirst = [...members.keys()].sort((a, b) => (members[b]?.length ?? 0) - (members[a]?.length ?? 0));
  return largestFirst.flatMap((category) => {
    const rows = members[category] ?? [];
    if (rows.length === 0) return [];
    const text = fitText(names[category] ?? '', size, 150);
    const half = textWidth(text, size) / 2;
    const x = Math.min(side - half - 4, Math.max(half + 4, median(rows.map((row) => place(row)[0]))));
    const middle = median(rows.map((row) => place(row)[1]));
    const isFree = (y: number): boolean =>
      y > size &&
      y < height - 4 &&
      taken.every((name) => Math.abs(name.y - y) > size + 1 || Math.abs(name.x - x) > name.half + half + 3);
    const moves = Array.from({ length: 17 }, (_, at) => (at % 2 === 0 ? 1 : -1) * Math.ceil(at / 2) * (size + 2));
    const y = moves.map((move) => middle + move).find(isFree) ?? middle;
    taken.push({ x, y, half });
    return markup`<text x="${x.toFixed(1)}" y="${(y + size * 0.35).toFixed(1)}" font-size="${size}" font-weight="600" text-anchor="middle" paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-opacity="0.85" stroke-linejoin="round">${text}</text>
`;
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
