import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveTensors, tensor, type Tensor } from '@muster/torch';
import { Random } from '../base/index.ts';
import { compareRuns, runNames, type BesideEntry } from './figure-beside.ts';

const signal = new AbortController().signal;
const paths = Array.from({ length: 60 }, (_, row) => `kind${row % 3}/${row}.png`);
const labels = new Map(paths.map((path, row) => [path, row % 3]));
let clear: Tensor;
let noise: Tensor;

beforeAll(() => {
  const random = new Random(2);
  const table = (strength: number): Tensor =>
    tensor(Float32Array.from(paths.flatMap((_, row) => Array.from({ length: 6 }, (_, at) => (at === row % 3 ? strength : 0) + 0.2 * random.normal()))), [60, 6]); // prettier-ignore
  clear = table(4);
  noise = table(0);
});
afterAll(() => [clear, noise].forEach((one) => one.dispose()));

const entry = (given: Partial<BesideEntry>): BesideEntry => ({
  ...{ folder: '/a/muster-x/runs/1', backbone: 'Net', embeddings: clear, paths, ...given },
});

test('rows are matched by path, whatever their order, and images that one run lacks are left out', () => {
  const before = liveTensors();
  const backwards = clear.flip([0]);
  const turned = entry({ folder: '/b', backbone: 'Other', embeddings: backwards, paths: paths.toReversed() });
  const { svg, title, file } = compareRuns([entry({}), turned], labels, 'x', signal);
  backwards.dispose();
  expect(file).toBe('consistency-beside.svg');
  expect(title).toBe('Label consistency by backbone: Net (run 1) and Other (run b)');
  const curves = [...svg.matchAll(/<path d="([^"]*)" fill="none" stroke="#/gu)].map(([, path]) => path);
  expect(curves[0]).toBe(curves[1]); // the same embeddings in another order
  expect(svg).toContain('60 labelled images of x that both runs have');
  expect(svg).toContain('inner product');
  expect(svg.replaceAll(/<[^>]*>/gu, ' ')).toMatch(/Net, run 1: +0\.\d{3} at +K\u00a0=\u00a020/u);
  const part = entry({ folder: '/c', embeddings: noise, paths: paths.map((path, row) => (row < 50 ? path : `z${path}`)) }); // prettier-ignore
  const three = compareRuns([entry({}), part, noisy()], labels, 'x', signal);
  expect(three.svg).toContain('50 labelled images of x that all 3 runs have');
  expect(three.title).toMatch(/by run: Net, runs 1, c and d$/u);
  expect(liveTensors()).toBe(before);
});

const noisy = (): BesideEntry => entry({ folder: '/d', embeddings: noise });

test('clear embeddings lie above noise', () => {
  const { svg } = compareRuns([entry({}), noisy()], labels, 'x', signal);
  const heights = [...svg.matchAll(/<g fill="#[^"]*">(.*?)<\/g>/gsu)].map(([, dots = '']) =>
    [...dots.matchAll(/cy="([\d.]+)"/gu)].map(([, y]) => Number(y)),
  );
  const [above = [], below = []] = heights;
  expect(above).toHaveLength(20);
  const near = above.slice(0, 19); // as many others of its label as there are
  expect(near.every((y, at) => y < (below[at] ?? 0))).toBe(true);
});

test('too few shared images are refused, naming the run', () => {
  const other = entry({ folder: '/b', paths: paths.map((path, row) => (row < 3 ? path : `z${path}`)) });
  expect(() => compareRuns([entry({}), other], labels, 'x', signal)).toThrow(
    /run \/b shares 3 labelled images.*give runs of the same images/u,
  );
  const [half, rest] = [0, 1].map((part) =>
    entry({ folder: `/${part}`, paths: paths.map((path, row) => (row % 2 === part ? path : `z${path}`)) }),
  );
  if (half === undefined || rest === undefined) throw new Error('two runs');
  expect(() => compareRuns([entry({}), half, rest], labels, 'x', signal)).toThrow(/together share 0/u);
});

test('runs are called by their folders, with the store where these are the same', () => {
  expect(runNames(['/s/muster-a/runs/1', '/out/b'])).toEqual(['1', 'b']);
  expect(runNames(['/s/muster-a/runs/1', '/s/muster-b/runs/1', '/out/1'])).toEqual([
    'muster-a/1',
    'muster-b/1',
    'out/1',
  ]);
});
