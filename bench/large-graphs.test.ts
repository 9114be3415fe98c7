import * as torch from '@muster/torch';
import { generator, setThreads } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { beforeAll, expect, it } from 'vitest';
import { agglomerative, spectralClustering } from '../packages/muster/src/cluster/index.ts';
import { ari } from '../packages/muster/src/metrics/index.ts';
import { anonymousBytes, watchMemory } from './memory-watch.ts';

const ROWS = 21_000;
const GROUPS = 6;
/** The least that all pairs would take: each once, in float32. */
const ALL_PAIRS_BYTES = (ROWS * (ROWS - 1) * 4) / 2;

beforeAll(() => setThreads(1));

/** Rows around centres of their own, which overlap a little, and the centre of each. */
function blobs(): { x: Tensor; truth: number[] } {
  using random = generator(1);
  const centres = torch.randn([GROUPS, 8], { generator: random }).mul(3);
  const groups = torch.arange(ROWS, { dtype: 'int64' }).remainder(GROUPS);
  const x = centres.indexSelect(0, groups).add(torch.randn([ROWS, 8], { generator: random }));
  return { x, truth: groups.toNumbers() };
}

it.skipIf(process.platform !== 'linux').each([
  ['Ward', (x: Tensor) => agglomerative(x, GROUPS)],
  ['spectral', (x: Tensor) => spectralClustering(x, { k: GROUPS, restarts: 3, generator: generator(2) }).labels],
] as const)('%s holds no table of all pairs of 21,000 rows', { timeout: 300_000 }, async (_name, group) => {
  const { x, truth } = blobs();
  torch.trimMemory();
  const before = anonymousBytes();
  const memory = watchMemory();
  const labels = group(x);
  const peak = (await memory.stop()) - before;
  expect(ari(truth, labels.toNumbers())).toBeGreaterThan(0.9);
  expect(peak).toBeLessThan(0.8 * ALL_PAIRS_BYTES);
});
