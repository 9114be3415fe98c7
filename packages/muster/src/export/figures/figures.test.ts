import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { confusionFigure } from './confusion.ts';
import { categoryColour, fitText, svgFigure } from './frame.ts';
import { groupColumnsFigure } from './group-columns.ts';
import { lineChart, lineCharts, niceTicks } from './line-chart.ts';
import type { LinePanel } from './line-panel.ts';
import { neighbourFigure } from './neighbour-rows.ts';
import { nounFigure } from './noun-bars.ts';
import { scatterFigure } from './scatter.ts';

const hostile = `</text><script>alert(1)</script><image href="x" onerror='y'/>&\u202E\u0007`;
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const image = (path: string, uri: string | null = pixel) => ({ path, uri });
const head = (text: string) => ({ title: text, subtitle: [text, text] });

const figures: Readonly<Record<string, (text: string) => string>> = {
  lines: (text) =>
    lineChart({
      ...head(text),
      xTitle: text,
      yTitle: text,
      x: [1, 2, 4],
      lines: [
        { name: text, values: [0.5, NaN, 0.25] },
        { name: text, values: [0.1, 0.1, 0.1], isReference: true },
      ],
    }),
  'categories and bars': (text) => {
    const values = [{ name: text, values: [0.5, 0.6], spread: [0.1, 0] }];
    const panel = { xTitle: text, yTitle: text, x: [0, 1], xNames: [text, 'b'], lines: values };
    return lineCharts({ ...head(text), panels: [{ ...panel, mark: { at: 1, name: text } }, panel] });
  },
  scatter: (text) => {
    const points = Float32Array.from([0, 0, 1, 2, 3, 1]);
    const panel = { title: text, points, categories: Int32Array.from([0, 1, -1]), names: [text, text] };
    return scatterFigure({ ...head(text), panels: [panel, panel] });
  },
  confusion: (text) =>
    confusionFigure({
      ...head(text),
      classes: [text, 'b'],
      groups: ['g', text],
      counts: Int32Array.from([0, 3, 2, 1]),
      matched: [1, 0],
    }),
  neighbours: (text) => {
    const entry = { image: image(text), caption: text };
    const neighbours = [
      { ...entry, similarity: 0.9 },
      { image: image(text, null), caption: 'other', similarity: 0.1 },
    ];
    return neighbourFigure({ ...head(text), rows: [{ ...entry, neighbours }] });
  },
  groups: (text) => {
    const wrong = [{ image: image(text, null), label: text }];
    const column = { name: text, right: [image(text), image(text)], wrong };
    return groupColumnsFigure({ ...head(text), columns: [column, { ...column, wrong: [] }] });
  },
  nouns: (text) =>
    nounFigure({ ...head(text), images: [{ image: image(text), caption: text, nouns: [{ text, probability: 0.5 }] }] }),
};

describe.each(Object.entries(figures))('%s', (_name, draw) => {
  test('is a well-formed picture on its own, whatever the texts say', async () => {
    const svg = draw(hostile);
    expect(svg).not.toMatch(/<script|onerror='|\u202e|\u0007/iu);
    expect(svg.match(/href="(?!data:image\/)/gu)).toBeNull();
    const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });
    expect(info.width).toBeGreaterThan(300);
    expect(new Set(data.subarray(0, 400_000)).size).toBeGreaterThan(2); // more than the white page
  });

  test('is the same every time and tells its title', () => {
    expect(draw('plain')).toBe(draw('plain'));
    expect(draw('plain')).toContain('<title>plain</title>');
  });
});

test('the curve goes through its values and has a gap where there is none', () => {
  const svg = figures['lines']?.('a') ?? '';
  const path = /<path d="([^"]*)"/u.exec(svg)?.[1] ?? '';
  expect(path.match(/M/gu)).toHaveLength(2);
  expect(svg.match(/<circle/gu)).toHaveLength(2);
  expect(niceTicks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(niceTicks(12, 47)).toEqual([20, 30, 40]);
});

/** Positions of the points, their lines and bars in a chart. */
function drawn(panel: Partial<LinePanel>): { x: number[]; y: number[]; texts: string[]; svg: string } {
  const axes = { xTitle: 'key', yTitle: 'score', x: [1, 2, 4], lines: [] };
  const svg = lineChart({ ...head('a'), ...axes, ...panel });
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/gu)];
  const texts = [...svg.matchAll(/<text x="[\d.]+" y="370"[^>]*>([^<]*)</gu)].map(([, text = '']) => text);
  return { x: dots.map(([, x]) => Number(x)), y: dots.map(([, , y]) => Number(y)), texts, svg };
}

test('positions are at their values, or in even steps', () => {
  const lines = [{ name: 'l', values: [0, 1, 2] }];
  const [a = 0, b = 0, c = 0] = drawn({ lines }).x;
  expect((b - a) / (c - a)).toBeCloseTo(1 / 3, 2);
  const even = drawn({ lines, even: true }).x;
  expect(((even[1] ?? 0) - (even[0] ?? 0)) / ((even[2] ?? 0) - (even[0] ?? 0))).toBeCloseTo(1 / 2, 2);
});

test('names below the axis do not run into one another, and the marked one stays', () => {
  const x = [100, 101, 102, 200, 201];
  const lines = [{ name: 'l', values: [1, 2, 3, 4, 5] }];
  expect(drawn({ x, lines }).texts).toEqual(['100', '200']);
  const { texts, svg } = drawn({ x, lines, mark: { at: 1, name: 'this run' } });
  expect(texts).toEqual(['101', '200']);
  expect(svg).toContain('>this run</text>');
});

test('bars reach as far as the spread, and lie within the axes', () => {
  const { y, svg } = drawn({ lines: [{ name: 'l', values: [1, 2, 2], spread: [0.5, NaN, 0] }] });
  const [, high = '', low = ''] = /M[\d.]+ ([\d.]+)V([\d.]+)/u.exec(svg) ?? [];
  const unit = (y[0] ?? 0) - (y[1] ?? 0);
  expect((y[0] ?? 0) - Number(high)).toBeCloseTo(unit / 2, 0);
  expect(Number(low) - (y[0] ?? 0)).toBeCloseTo(unit / 2, 0);
  expect(Number(low)).toBeLessThanOrEqual(352); // the axis
  expect(svg.match(/V[\d.]+M/gu)).toHaveLength(1); // one bar alone
});

test('categories are points that no line connects', () => {
  const lines = [{ name: 'l', values: [1, 2, 3] }];
  const { texts, svg, x } = drawn({ lines, xNames: ['hard', 'gaussian', 'x'.repeat(200)] });
  expect(texts.slice(0, 2)).toEqual(['hard', 'gaussian']);
  expect(texts[2]).toMatch(/^x+…$/u);
  expect(x).toHaveLength(3);
  expect(svg).not.toContain('<path');
});

test('a single value and no value at all are drawn', () => {
  expect(drawn({ x: [5], lines: [{ name: 'l', values: [0.3] }] }).svg).not.toContain('NaN');
  expect(drawn({ lines: [{ name: 'l', values: [NaN, NaN, NaN] }] }).svg).not.toMatch(/NaN|Infinity/u);
});

test('points keep their proportions, and each has the colour of its category', () => {
  const points = Float32Array.from([0, 0, 4, 0, 0, 2]);
  const svg = scatterFigure({
    ...head('a'),
    panels: [{ title: 'p', points, categories: Int32Array.from([0, 1, -1]), names: ['x', 'y'] }],
  });
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="[\d.]+" fill="([^"]+)"/gu)];
  const at = new Map(dots.map(([, x, y, fill]) => [fill, [Number(x), Number(y)]]));
  const [a, b, none] = [categoryColour(0, 2), categoryColour(1, 2), categoryColour(-1, 2)].map(
    (colour) => at.get(colour) ?? [],
  );
  const [right, up] = [(b?.[0] ?? 0) - (a?.[0] ?? 0), (a?.[1] ?? 0) - (none?.[1] ?? 0)];
  expect(right).toBeGreaterThan(100);
  expect(up / right).toBeCloseTo(0.5, 2);
});

test('matched classes and groups stand on the diagonal, counts in their cells', () => {
  const counts = Int32Array.from([0, 3, 0, 0, 7, 1]);
  const svg = confusionFigure({
    ...head('a'),
    classes: ['none', 'hit', 'miss'],
    groups: ['g0', 'g1'],
    counts,
    matched: [-1, -1, 0],
  });
  const y = (text: string): number => Number(new RegExp(`y="([\\d.]+)"[^>]*>${text}</text>`, 'u').exec(svg)?.[1]);
  expect(y('miss')).toBeLessThan(y('none'));
  expect(svg).toContain('miss, g0: 7 (88 %)');
  expect(svg.match(/>7<\/text>/gu)).toHaveLength(1);
  expect(svg).not.toMatch(/>0<\/text>/u);
});

test('another caption is marked, the same is not', () => {
  const svg = figures['neighbours']?.('cat') ?? '';
  expect(svg.match(/≠/gu)).toHaveLength(1);
  expect(svg).toContain('≠ other');
});

test('long texts are cut and long subtitles broken', () => {
  expect(fitText('a short one', 10, 1000)).toBe('a short one');
  expect(fitText('x'.repeat(100), 10, 57)).toBe(`${'x'.repeat(9)}…`);
  const svg = svgFigure({ width: 300, height: 10, title: 'word '.repeat(30).trim(), subtitle: [], body: [] });
  expect(svg.match(/font-weight="600"/gu)?.length).toBeGreaterThan(3);
});

test('colours of many categories differ', () => {
  const colours = Array.from({ length: 40 }, (_, at) => categoryColour(at, 40));
  expect(new Set(colours).size).toBe(40);
});
