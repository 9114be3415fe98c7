import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { liveTensors } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
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

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-conformance-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** All embeddings, to be compared to the last bit; frees the network. */
function embeddings(trained: Pretrained, { pixels }: ImageData): number[] {
  try {
    using rows = trained.embed(pixels);
    assert.deepEqual(rows.shape, [pixels.shape[0], trained.dimension]);
    return rows.toNumbers();
  } finally {
    trained.dispose();
  }
}

async function trained(
  { pretraining, options }: PretrainingCandidate,
  data: ImageData,
  other: Partial<PretrainingContext> = {},
): Promise<number[]> {
  return embeddings(await pretraining.fit(data, options, { ...context, ...other }), data);
}

/** A context that is stopped after the first epoch. */
function stopping(): PretrainingContext {
  const stop = new AbortController();
  const emit = ({ unit, done }: MusterEvent): void => {
    if (unit === 'epochs' && done === 1) stop.abort();
  };
  return { ...context, emit, signal: stop.signal };
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
    name: 'interrupted and resumed it ends as if it never stopped, and its last checkpoint is its end',
    run: (candidate) =>
      withFolder((checkpoints) =>
        withImages(async (data) => {
          const { pretraining, options } = candidate;
          const whole = await trained(candidate, data);
          const stopped = pretraining.fit(data, options, { ...stopping(), checkpoints });
          await assert.rejects(stopped, { name: 'AbortError' });
          assert.deepEqual(await trained(candidate, data, { checkpoints, keepEvery: 1 }), whole);
          const last = keptCheckpoints(checkpoints).at(-1);
          assert.ok(last !== undefined);
          const [, height = 0, width = 0, channels = 0] = data.pixels.shape;
          const kept = pretraining.openCheckpoint(last.path, options, { height, width, channels });
          assert.deepEqual(embeddings(kept, data), whole);
        }),
      ),
  },
  {
    name: 'saved and loaded it embeds the same',
    run: ({ pretraining, options }) =>
      withFolder((folder) =>
        withImages(async (data) => {
          const fit = await pretraining.fit(data, options, context);
          fit.save(folder);
          const { values } = fit;
          const own = embeddings(fit, data);
          const loaded = pretraining.load(folder);
          assert.deepEqual(loaded.values, values);
          assert.deepEqual(embeddings(loaded, data), own);
        }),
      ),
  },
  {
    name: 'what are no images is refused, and unknown options by name',
    run: async ({ pretraining, options }) => {
      const changes = [
        (pixels: Tensor) => pixels.to('float32'),
        (pixels: Tensor) => pixels.narrow(3, 0, 2).clone(),
        (pixels: Tensor) => pixels.narrow(0, 0, 0).clone(),
      ];
      for (const change of changes)
        await withImages(
          (data) => assert.rejects(pretraining.fit(data, options, context), { code: 'train.pixels' }),
          change,
        );
      await withImages((data) =>
        assert.rejects(pretraining.fit(data, { ...options, epoch: 3 }, context), {
          code: 'method.options',
          message: /epoch/,
        }),
      );
    },
  },
  {
    name: 'images that are all equal are survived',
    run: (candidate) =>
      withImages(
        async (data) => assert.ok((await trained(candidate, data)).every((value) => Number.isFinite(value))),
        (pixels) => pixels.narrow(0, 0, 1).expand(pixels.shape).contiguous(),
      ),
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
      withImages(async (data) => {
        const watched = new Proxy(data, {
          get: (target, key) => {
            assert.equal(key, 'pixels');
            return Reflect.get(target, key) as unknown;
          },
        });
        (await pretraining.fit(watched, options, context)).dispose();
      }),
  },
  {
    name: 'no tensor is left behind, be it stopped or not',
    run: (candidate) =>
      withImages(async (data) => {
        const before = liveTensors();
        await trained(candidate, data);
        assert.equal(liveTensors(), before);
        const { pretraining, options } = candidate;
        await assert.rejects(pretraining.fit(data, options, stopping()), { name: 'AbortError' });
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
