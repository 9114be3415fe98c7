import assert from 'node:assert/strict';
import { liveTensors } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import {
  demandCollapseSaid,
  demandRefusals,
  demandResumeInside,
  equalImages,
  onlyPixels,
  stopAfter,
  whileFitted,
  withFolder,
  withThreads,
} from '../conformance/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import type { ImageData } from '../train/index.ts';
import { makeImages } from './conformance/made-images.ts';
import type { Pretrained, Pretraining, PretrainingContext } from './pretraining.ts';

/** A pretraining with settings that suit a few small made images: seconds, not skill. */
export interface PretrainingCandidate {
  readonly pretraining: Pretraining;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One demand on every pretraining. `run` ends in an AssertionError where it is not met. */
export interface PretrainingDemand {
  readonly name: string;
  run(candidate: PretrainingCandidate): Promise<void>;
}

const COUNT = 40;
/** Rounding that a few steps of training have made larger, by the length of all embeddings together. */
const NEARLY = 0.01;
const context: PretrainingContext = { seed: 11, device: 'cpu', emit: silent };

async function withImages(
  body: (data: ImageData) => Promise<void>,
  change: (pixels: Tensor) => Tensor = (pixels) => pixels,
): Promise<void> {
  const { pixels } = makeImages(COUNT, 1);
  const changed = change(pixels);
  try {
    await body({ pixels: changed });
  } finally {
    for (const one of new Set([pixels, changed])) one.dispose();
  }
}

/** All embeddings, to be compared to the last bit. */
function embeddings(trained: Pretrained, { pixels }: ImageData): number[] {
  using rows = trained.embed(pixels);
  assert.deepEqual(rows.shape, [pixels.shape[0], trained.dimension]);
  return rows.toNumbers();
}

/** The embeddings of a training, or what else is asked of it. */
function trained<T = number[]>(
  { pretraining, options }: PretrainingCandidate,
  data: ImageData,
  other: Partial<PretrainingContext> = {},
  use: (trained: Pretrained) => T = (it) => embeddings(it, data) as T,
): Promise<T> {
  return whileFitted(pretraining.fit(data, options, { ...context, ...other }), use);
}

/** Every demand; a registered pretraining meets them all. */
export const pretrainingDemands: readonly PretrainingDemand[] = [
  {
    name: 'the same seed gives the same bytes, another one others, and all are finite',
    run: (candidate) =>
      withImages(async (data) => {
        const first = await trained(candidate, data);
        assert.ok(first.every((value) => Number.isFinite(value)));
        assert.deepEqual(await trained(candidate, data), first);
        assert.notDeepEqual(await trained(candidate, data, { seed: 12 }), first);
      }),
  },
  {
    name: 'one thread or two give nearly the same embeddings',
    run: (candidate) =>
      withImages(
        async (data) => {
          const [alone, together] = await withThreads(() => trained(candidate, data));
          const size = Math.hypot(...alone);
          const difference = Math.hypot(...alone.map((value, at) => value - (together[at] ?? Number.NaN)));
          assert.ok(difference < NEARLY * size, `a difference of ${difference / size}`);
        },
        // Rounding grows with every step; and where cores are busy, a team of two waits longer than it works.
        (pixels) => pixels.narrow(0, 0, 16).clone(),
      ),
  },
  {
    name: 'interrupted and resumed it ends as if it never stopped, and its last checkpoint is its end',
    run: (candidate) =>
      withFolder((checkpoints) =>
        withImages(async (data) => {
          const { pretraining, options } = candidate;
          const whole = await trained(candidate, data);
          const stopped = pretraining.fit(data, options, { ...context, ...stopAfter(1), checkpoints });
          await assert.rejects(stopped, { name: 'AbortError' });
          assert.deepEqual(await trained(candidate, data, { checkpoints, keepEvery: 1 }), whole);
          const last = keptCheckpoints(checkpoints).at(-1);
          assert.ok(last !== undefined);
          const [, height = 0, width = 0, channels = 0] = data.pixels.shape;
          const kept = pretraining.openCheckpoint(last.path, options, { height, width, channels });
          assert.deepEqual(embeddings(kept, data), whole);
          kept.dispose();
        }),
      ),
  },
  {
    name: 'stopped inside each of its epochs it ends as if it never stopped, and has told the same',
    run: (candidate) =>
      withImages((data) =>
        demandResumeInside((other) =>
          trained(candidate, data, other, (fit) => ({ rows: embeddings(fit, data), values: fit.values })),
        ),
      ),
  },
  {
    name: 'saved and loaded it embeds the same',
    run: ({ pretraining, options }) =>
      withFolder((folder) =>
        withImages((data) =>
          whileFitted(pretraining.fit(data, options, context), (fit) => {
            fit.save(folder);
            const loaded = pretraining.load(folder);
            assert.deepEqual(loaded.values, fit.values);
            assert.deepEqual(embeddings(loaded, data), embeddings(fit, data));
            loaded.dispose();
          }),
        ),
      ),
  },
  {
    name: 'what are no images is refused, and unknown options by name',
    run: ({ pretraining, options }) =>
      demandRefusals((change, more) =>
        withImages(
          (data) => whileFitted(pretraining.fit(data, { ...options, ...more }, context), () => undefined),
          change,
        ),
      ),
  },
  {
    name: 'images that are all equal are survived, and the collapse is said',
    run: (candidate) =>
      withImages(
        (data) =>
          demandCollapseSaid((emit) =>
            trained(candidate, data, { emit }, (fit) => {
              assert.ok(embeddings(fit, data).every((value) => Number.isFinite(value)));
              assert.ok((fit.values['spread'] ?? 1) < 1e-3);
            }),
          ),
        equalImages,
      ),
  },
  {
    name: 'of images that differ no collapse is said, and the spread of their embeddings is a value',
    run: (candidate) =>
      withImages(async (data) => {
        const warnings: MusterEvent[] = [];
        const emit = (event: MusterEvent): void => void (event.level === 'warning' && warnings.push(event));
        const spread = await trained(candidate, data, { emit }, ({ values }) => values['spread'] ?? Number.NaN);
        assert.deepEqual(warnings, []);
        assert.ok(spread > 0 && spread <= 1, `a spread of ${spread}`);
      }),
  },
  {
    name: 'grey images are taken, too',
    run: (candidate) =>
      withImages(
        async (data) => assert.ok((await trained(candidate, data)).every((value) => Number.isFinite(value))),
        (pixels) => pixels.narrow(3, 0, 1).clone(),
      ),
  },
  {
    name: 'nothing but pixels is looked at',
    run: ({ pretraining, options }) =>
      withImages((data) => whileFitted(pretraining.fit(onlyPixels(data), options, context), () => undefined)),
  },
  {
    name: 'no tensor is left behind, be it stopped or not',
    run: (candidate) =>
      withImages(async (data) => {
        const before = liveTensors();
        await trained(candidate, data);
        assert.equal(liveTensors(), before);
        const { pretraining, options } = candidate;
        await assert.rejects(pretraining.fit(data, options, { ...context, ...stopAfter(1) }), { name: 'AbortError' });
        assert.equal(liveTensors(), before);
      }),
  },
  {
    name: 'a stop signal ends it before it begins',
    run: ({ pretraining, options }) =>
      withImages((data) =>
        assert.rejects(pretraining.fit(data, options, { ...context, signal: AbortSignal.abort() }), {
          name: 'AbortError',
        }),
      ),
  },
];
