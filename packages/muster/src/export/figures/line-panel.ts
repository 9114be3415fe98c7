import { markup, type Markup } from '../../base/index.ts';
import { categoryColour, fitText, ink, margin, shortNumber, textWidth } from './frame.ts';

/** A curve. */
export interface Line {
  readonly name: string;
  /** A value for each x; NaN leaves a gap. */
  readonly values: readonly number[];
  /** How far the thin bars at each x reach to both sides of the value; none where it is 0 or NaN. */
  readonly spread?: readonly number[];
  /** Dashed, grey and without points: a bound to compare with. */
  readonly isReference?: boolean;
}

/** Curves over common positions. */
export interface LinePanel {
  readonly xTitle: string;
  readonly yTitle: string;
  /** Ascending. */
  readonly x: readonly number[];
  /** What stands below each x in place of the number: categories, whose points no line connects. */
  readonly xNames?: readonly string[];
  /** Evenly spaced positions instead of x itself, for steps such as 5, 10, 100. Default false. */
  readonly even?: boolean;
  readonly lines: readonly Line[];
  /** Ends of the y axis; by default around the values. */
  readonly yRange?: readonly [low: number, high: number];
  /** A position that stands out: an upright line with its name above. */
  readonly mark?: { readonly at: number; readonly name: string };
}

/** Where the curves lie, in pixels from the left, and from the panel's top; a mark's name takes more room there. */
const area = { left: 64, width: 470, top: 8, topWithMark: 26, names: 186, foot: 48 } as const;
const right = area.left + area.width;
/** Between the first and last point and the ends of the axis. */
const inset = 12;

/** Width of a panel with the names at its right. */
export const panelWidth = right + area.names;

/** Places of values in the drawing. */
interface Scales {
  /** Of the position with this index. */
  readonly px: (at: number) => number;
  readonly py: (value: number) => number;
  readonly top: number;
  readonly bottom: number;
}

/** The panel drawn from (0, 0) to ({@link panelWidth}, height). */
export function drawLinePanel(panel: LinePanel, height: number): Markup[] {
  const { lines, xTitle, yTitle, xNames, mark } = panel;
  const [low, high] = panel.yRange ?? rangeOf(lines);
  const top = mark === undefined ? area.top : area.topWithMark;
  const bottom = height - area.foot;
  const py = (value: number): number => bottom - ((value - low) / (high - low || 1)) * (bottom - top);
  const scales = { px: positions(panel), py, top, bottom };
  const grid = (value: number, width: number): Markup =>
    markup`<line x1="${area.left}" x2="${right}" y1="${py(value)}" y2="${py(value)}" stroke="${ink.line}" stroke-width="${width}"/>
`;
  return [
    ...niceTicks(low, high).map(
      (tick) => markup`${tick === low ? null : grid(tick, 0.7)}
<text x="${area.left - 8}" y="${py(tick) + 4}" font-size="12" text-anchor="end" fill="${ink.soft}">${shortNumber(tick)}</text>`,
    ),
    grid(low, 1.4),
    ...positionNames(panel, scales),
    markup`<text x="${area.left + area.width / 2}" y="${bottom + 40}" font-size="13" text-anchor="middle">${xTitle}</text>
<text transform="translate(${margin - 8} ${(top + bottom) / 2}) rotate(-90)" font-size="13" text-anchor="middle">${yTitle}</text>`,
    ...(mark === undefined ? [] : [drawMark(mark, scales)]),
    ...lines.map((line, index) => drawLine(line, categoryColour(index, lines.length), xNames === undefined, scales)),
    ...endNames(lines, py),
  ];
}

/** Where each position lies. Categories stand in the middle of equal shares of the axis. */
function positions({ x, xNames, even }: LinePanel): Scales['px'] {
  const first = x[0] ?? 0;
  const span = even === true ? x.length - 1 : (x.at(-1) ?? first) - first;
  return (at) => {
    if (xNames !== undefined) return area.left + ((at + 0.5) / Math.max(1, x.length)) * area.width;
    const share = span === 0 ? 0.5 : (even === true ? at : (x[at] ?? first) - first) / span;
    return area.left + inset + share * (area.width - 2 * inset);
  };
}

const tickSize = 12;

/** Numbers or names below the axis; those that would run into the one before are left out, the marked one never. */
function positionNames({ x, xNames, mark }: LinePanel, { px, bottom }: Scales): Markup[] {
  const room = area.width / Math.max(1, x.length) - 8;
  const names = x.map((value, at) => (xNames === undefined ? shortNumber(value) : fitText(xNames[at] ?? '', tickSize, room))); // prettier-ignore
  const half = (at: number): number => textWidth(names[at] ?? '', tickSize) / 2;
  const isFree = (at: number, other: number): boolean => Math.abs(px(at) - px(other)) > half(at) + half(other) + 5;
  let last = -1;
  return names.flatMap((name, at) => {
    const isMarked = at === mark?.at;
    const clashes = (last >= 0 && !isFree(at, last)) || (mark !== undefined && !isMarked && !isFree(at, mark.at));
    if (clashes && !isMarked) return [];
    last = at;
    const style = isMarked ? markup`fill="${ink.text}" font-weight="600"` : markup`fill="${ink.soft}"`;
    return markup`<text x="${px(at)}" y="${bottom + 18}" font-size="${tickSize}" text-anchor="middle" ${style}>${name}</text>`;
  });
}

function drawMark({ at, name }: NonNullable<LinePanel['mark']>, { px, top, bottom }: Scales): Markup {
  const x = px(at).toFixed(1);
  return markup`<line x1="${x}" x2="${x}" y1="${top - 6}" y2="${bottom}" stroke="${ink.soft}" stroke-opacity="0.6" stroke-dasharray="2 4"/>
<text x="${x}" y="${top - 11}" font-size="12" text-anchor="middle" fill="${ink.soft}">${name}</text>`;
}

function drawLine(line: Line, colour: string, isConnected: boolean, scales: Scales): Markup {
  const { name, values } = line;
  const { px, py } = scales;
  const path = pathOf(values, scales);
  if (line.isReference === true)
    return markup`<path d="${path}" fill="none" stroke="${ink.soft}" stroke-width="1.4" stroke-dasharray="5 4"><title>${name}</title></path>`;
  const dots = values.map((value, at) =>
    Number.isNaN(value)
      ? null
      : markup`<circle cx="${px(at).toFixed(1)}" cy="${py(value).toFixed(1)}" r="${isConnected ? 3 : 4.5}"><title>${shortNumber(value, 4)}</title></circle>`,
  );
  const curve = isConnected ? markup`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2"/>` : null;
  return markup`${curve}${spreadBars(line, colour, scales)}<g fill="${colour}">${dots}</g>`;
}

function pathOf(values: readonly number[], { px, py }: Scales): string {
  let pen = 'M';
  const steps = values.map((value, at) => {
    const step = Number.isNaN(value) ? '' : `${pen}${px(at).toFixed(1)} ${py(value).toFixed(1)}`;
    pen = Number.isNaN(value) ? 'M' : 'L';
    return step;
  });
  return steps.join('');
}

function spreadBars({ values, spread }: Line, colour: string, { px, py }: Scales): Markup | null {
  if (spread === undefined) return null;
  const steps = values.map((value, at) => {
    const reach = spread[at] ?? 0;
    if (Number.isNaN(value) || !(reach > 0)) return '';
    const x = px(at);
    const [high, low] = [py(value + reach).toFixed(1), py(value - reach).toFixed(1)];
    const cap = (y: string): string => `M${(x - 3).toFixed(1)} ${y}H${(x + 3).toFixed(1)}`;
    return `${cap(high)}M${x.toFixed(1)} ${high}V${low}${cap(low)}`;
  });
  return markup`<path d="${steps.join('')}" fill="none" stroke="${colour}" stroke-width="1.1"/>`;
}

/** The names at the right, moved apart where the curves end close together. */
function endNames(lines: readonly Line[], py: (value: number) => number): Markup[] {
  const ends = lines
    .map((line, index) => ({
      line,
      colour: line.isReference === true ? ink.soft : categoryColour(index, lines.length),
    }))
    .map((end) => ({ ...end, y: py(end.line.values.findLast((value) => !Number.isNaN(value)) ?? 0) }))
    .sort((a, b) => a.y - b.y);
  let free = -Infinity;
  return ends.map(({ line, colour, y }) => {
    const words = wrapName(line.name);
    const start = Math.max(y + 4 - (words.length - 1) * 7, free);
    free = start + words.length * 15 + 4;
    return markup`<text font-size="12.5" fill="${colour}">${words.map((word, at) => markup`<tspan x="${right + 8}" y="${start + at * 15}">${word}</tspan>`)}</text>`;
  });
}

function wrapName(name: string): string[] {
  const room = area.names - 24;
  const words: string[] = [];
  for (const word of name.split(' ')) {
    const last = words.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, 12.5) < room) words[words.length - 1] = `${last} ${word}`;
    else words.push(fitText(word, 12.5, room));
  }
  return words;
}

/** Round ends around all values with their bars; 0 to 1 where there are none. */
function rangeOf(lines: readonly Line[]): [number, number] {
  const ends = lines.flatMap(({ values, spread }) =>
    values.flatMap((value, at) => [value - (spread?.[at] || 0), value + (spread?.[at] || 0)]),
  );
  const known = ends.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return [0, 1];
  let [low, high] = [Math.min(...known), Math.max(...known)];
  if (low === high) high = low + (Math.abs(low) || 1) / 10;
  // Rounding widens the range, which may take a wider step: then the ends are rounded to that one.
  for (let round = 0; round < 2; round++) {
    const step = tickStep(low, high);
    [low, high] = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
  }
  return [low, high];
}

function tickStep(low: number, high: number): number {
  const rough = (high - low || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
}

/** Round numbers from `low` to `high`, about five of them. */
export function niceTicks(low: number, high: number): number[] {
  const step = tickStep(low, high);
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++)
    ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}
