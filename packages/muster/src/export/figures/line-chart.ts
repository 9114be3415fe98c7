import { markup, type Markup } from '../../base/index.ts';
import { categoryColour, ink, margin, shortNumber, svgFigure, textWidth } from './frame.ts';

/** A curve. */
export interface Line {
  readonly name: string;
  /** A value for each x; NaN leaves a gap. */
  readonly values: readonly number[];
  /** Dashed, grey and without points: a bound to compare with. */
  readonly isReference?: boolean;
}

/** Curves over common positions. */
export interface LineChart {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** Ascending. */
  readonly x: readonly number[];
  /** Evenly spaced positions instead of x itself, for steps such as 5, 10, 100. Default false. */
  readonly even?: boolean;
  readonly lines: readonly Line[];
  /** Ends of the y axis; by default around the values. */
  readonly yRange?: readonly [low: number, high: number];
}

const size = { width: 720, height: 400, left: 64, right: 186, bottom: 48 };

/** Curves with their names at their ends (TSP figure 1, TAC figure 5). */
export function lineChart(chart: LineChart): string {
  const { title, subtitle, x, lines } = chart;
  const [low, high] = chart.yRange ?? rangeOf(lines);
  const ticks = niceTicks(low, high);
  const plot = { left: size.left, right: size.width - size.right, bottom: size.height - size.bottom };
  const first = x[0] ?? 0;
  const span = chart.even === true ? Math.max(1, x.length - 1) : (x.at(-1) ?? 1) - first || 1;
  const along = (at: number): number => (chart.even === true ? at : (x[at] ?? 0) - first) / span;
  const px = (at: number): number => plot.left + 12 + along(at) * (plot.right - plot.left - 24);
  const py = (value: number): number => plot.bottom - ((value - low) / (high - low || 1)) * (plot.bottom - 8);
  const every = Math.ceil(x.length / 20);
  const body = [
    ...ticks.map(
      (
        tick,
      ) => markup`<line x1="${plot.left}" x2="${plot.right}" y1="${py(tick)}" y2="${py(tick)}" stroke="${ink.line}" stroke-width="${tick === low ? 1.4 : 0.7}"/>
<text x="${plot.left - 8}" y="${py(tick) + 4}" font-size="12" text-anchor="end" fill="${ink.soft}">${shortNumber(tick)}</text>`,
    ),
    ...x.flatMap((value, at) =>
      at % every === 0
        ? markup`<text x="${px(at)}" y="${plot.bottom + 18}" font-size="12" text-anchor="middle" fill="${ink.soft}">${shortNumber(value)}</text>`
        : [],
    ),
    markup`<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 40}" font-size="13" text-anchor="middle">${chart.xTitle}</text>
<text transform="translate(${margin - 8} ${plot.bottom / 2}) rotate(-90)" font-size="13" text-anchor="middle">${chart.yTitle}</text>`,
    ...lines.map((line, index) => curve(line, categoryColour(index, lines.length), px, py)),
    ...endNames(lines, plot.right, py),
  ];
  return svgFigure({ width: size.width, height: size.height, title, subtitle, body });
}

function curve(
  { name, values, isReference }: Line,
  colour: string,
  px: (at: number) => number,
  py: (v: number) => number,
): Markup {
  let pen = 'M';
  const path = values.map((value, at) => {
    if (Number.isNaN(value)) {
      pen = 'M';
      return '';
    }
    const step = `${pen}${px(at).toFixed(1)} ${py(value).toFixed(1)}`;
    pen = 'L';
    return step;
  });
  if (isReference === true)
    return markup`<path d="${path.join('')}" fill="none" stroke="${ink.soft}" stroke-width="1.4" stroke-dasharray="5 4"><title>${name}</title></path>`;
  const dots = values.map((value, at) =>
    Number.isNaN(value)
      ? null
      : markup`<circle cx="${px(at).toFixed(1)}" cy="${py(value).toFixed(1)}" r="3"><title>${shortNumber(value, 4)}</title></circle>`,
  );
  return markup`<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="2.2"/><g fill="${colour}">${dots}</g>`;
}

/** The names at the right, moved apart where the curves end close together. */
function endNames(lines: readonly Line[], right: number, py: (value: number) => number): Markup[] {
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
  const words: string[] = [];
  for (const word of name.split(' ')) {
    const last = words.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, 12.5) < size.right - 24)
      words[words.length - 1] = `${last} ${word}`;
    else words.push(word);
  }
  return words;
}

function rangeOf(lines: readonly Line[]): [number, number] {
  const values = lines.flatMap((line) => line.values).filter((value) => !Number.isNaN(value));
  const low = Math.min(...values);
  const high = Math.max(...values);
  const ticks = niceTicks(low, high === low ? low + 1 : high);
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** Round numbers from `low` to `high`, about five of them. */
export function niceTicks(low: number, high: number): number[] {
  const rough = (high - low || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++)
    ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}
