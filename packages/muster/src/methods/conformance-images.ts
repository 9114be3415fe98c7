import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { liveTensors, tensor } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { Random, silent } from '../base/index.ts';
import {
  demandCollapseSaid,
  demandRefusals,
  demandResumeInside,
  demandSavedValues,
  equalImages,
  onlyPixels,
  stopAfter,
  whileFitted,
  withFolder,
  withThreads,
} from '../conformance/index.ts';
import { ari } from '../metrics/index.ts';
import { keptCheckpoints } from '../train/index.ts';
import type { ImageData, ImageFitted, ImageMethod, MethodContext } from './method.ts';

/** A method on images with settings that suit a few small made images: seconds, not skill. `groups` is among them. */
export interface ImageCandidate {
  readonly method: ImageMethod;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One demand on every method on images. `run` ends in an AssertionError where it is not met. */
export interface ImageDemand {
  readonly name: string;
  run(candidate: ImageCandidate): Promise<void>;
}

const [COUNT, SIDE] = [48, 20] as const;
/** Kinds of made images. */
export const IMAGE_GROUPS = 3;
const shape = { height: SIDE, width: SIDE, channels: 3 } as const;
const context: MethodContext = { seed: 11, device: 'cpu', emit: silent };

/** Gratings in three directions with colours of their own: [COUNT, SIDE, SIDE, 3]; pixels in random order tell nothing. */
function gratings(isShuffled: boolean): { pixels: Tensor; truth: number[] } {
  const random = new Random(5);
  const truth = Array.from({ length: COUNT }, (_, image) => image % IMAGE_GROUPS);
  const values = new Uint8Array(COUNT * SIDE * SIDE * 3);
  truth.forEach((kind, image) => {
    const [angle, phase] = [(Math.PI * kind) / IMAGE_GROUPS, 2 * Math.PI * random.float()];
    const colour = [1, 2, 3].map(() => 0.7 + 0.3 * random.float());
    const grey = Float64Array.from({ length: SIDE * SIDE }, (_, at) => {
      const across = (at % SIDE) * Math.cos(angle) + Math.floor(at / SIDE) * Math.sin(angle);
      return 128 + 90 * Math.sin(across * 1.2 + phase) + 12 * random.normal();
    });
    if (isShuffled) random.shuffle(grey);
    grey.forEach((value, at) => {
      for (const [channel, share] of colour.entries())
        values[(image * SIDE * SIDE + at) * 3 + channel] = Math.min(255, Math.max(0, value * share));
    });
  });
  return { pixels: tensor(values, [COUNT, SIDE, SIDE, 3]), truth };
}

async function withImages(
  body: (data: ImageData, truth: number[]) => Promise<void>,
  { isShuffled = false, change = (pixels: Tensor): Tensor => pixels } = {},
): Promise<void> {
  const { pixels, truth } = gratings(isShuffled);
  const changed = change(pixels);
  try {
    await body({ pixels: changed }, truth);
  } finally {
    for (const one of new Set([pixels, changed])) one.dispose();
  }
}

function fitted<T>(
  { method, options }: ImageCandidate,
  data: ImageData,
  use: (fit: ImageFitted) => T | Promise<T>,
  other: Partial<MethodContext> = {},
): Promise<T> {
  return whileFitted(method.fit(data, options, { ...context, ...other }), use);
}

type Everything = Readonly<Record<'labels' | 'own' | 'probabilities' | 'embeddings', readonly number[]>>;

/** Labels, probabilities and embeddings, to be compared to the last bit. */
function everything(fit: ImageFitted, { pixels }: ImageData): Everything {
  const { labels, probabilities } = fit.assign(pixels);
  const embeddings = fit.embed(pixels);
  const all = {
    labels: [...labels],
    own: [...fit.own.labels],
    probabilities: probabilities.toNumbers(),
    embeddings: embeddings.toNumbers(),
  };
  for (const one of [probabilities, embeddings]) one.dispose();
  return all;
}

/** Every demand; a registered method on images meets them all. */
export const imageDemands: readonly ImageDemand[] = [
  {
    name: 'the same seed and number of threads give the same bytes, another seed others',
    run: (candidate) =>
      withImages(async (data) => {
        const once = (seed: number) => fitted(candidate, data, (fit) => everything(fit, data), { seed });
        const first = await once(11);
        assert.deepEqual(await once(11), first);
        assert.notDeepEqual((await once(12)).embeddings, first.embeddings);
      }),
  },
  {
    name: 'one thread or two give the same groups',
    run: (candidate) =>
      withImages(async (data) => {
        const [alone, together] = await withThreads(() => fitted(candidate, data, (fit) => everything(fit, data)));
        const agreement = ari(alone.labels, together.labels);
        // Of a network that has hardly begun, all groups are next to equally likely: then the probabilities are compared.
        const differences = alone.probabilities.map((p, at) => Math.abs(p - (together.probabilities[at] ?? NaN)));
        assert.ok(agreement >= 0.99 || Math.max(...differences) < 0.01, `ARI ${agreement}`);
      }),
  },
  {
    name: 'groups are as many as were asked for, probabilities are probabilities, the likeliest group is the label',
    run: (candidate) =>
      withImages((data) =>
        fitted(candidate, data, (fit) => {
          assert.equal(fit.groups, candidate.options['groups']);
          const { labels, probabilities } = fit.assign(data.pixels);
          const rows = probabilities.toNested() as number[][];
          probabilities.dispose();
          assert.equal(rows.length, COUNT);
          rows.forEach((row, image) => {
            assert.equal(row.length, fit.groups);
            assert.ok(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 1e-4);
            assert.equal(row[labels[image] ?? -1], Math.max(...row));
          });
        }),
      ),
  },
  {
    name: 'saved and loaded it assigns and embeds the same',
    run: (candidate) =>
      withFolder((folder) =>
        withImages((data) =>
          fitted(candidate, data, (fit) => {
            fit.save(folder);
            const loaded = candidate.method.load(folder);
            assert.deepEqual(everything(loaded, data), everything(fit, data));
            assert.deepEqual([loaded.usage, loaded.dimension], [fit.usage, fit.dimension]);
            loaded.dispose();
          }),
        ),
      ),
  },
  {
    name: 'without an epoch there is a fit, which is saved without numbers that are not known',
    run: ({ method, options }) =>
      withFolder((folder) =>
        withImages((data) =>
          fitted({ method, options: { ...options, epochs: 0 } }, data, (fit) =>
            demandSavedValues(folder, (saved) => method.load(saved), fit),
          ),
        ),
      ),
  },
  {
    name: 'interrupted after an epoch and resumed it ends as if it never stopped',
    run: (candidate) =>
      withFolder((checkpoints) =>
        withImages(async (data) => {
          const whole = await fitted(candidate, data, (fit) => everything(fit, data));
          const stopping = { ...context, checkpoints, ...stopAfter(1) };
          await assert.rejects(candidate.method.fit(data, candidate.options, stopping), { name: 'AbortError' });
          assert.deepEqual(await fitted(candidate, data, (fit) => everything(fit, data), { checkpoints }), whole);
        }),
      ),
  },
  {
    name: 'stopped inside each of its epochs it ends as if it never stopped, and has told the same',
    run: (candidate) =>
      withImages((data) =>
        demandResumeInside((other) =>
          fitted(candidate, data, (fit) => ({ ...everything(fit, data), values: fit.values }), other),
        ),
      ),
  },
  {
    name: 'kept checkpoints give groups and embeddings',
    run: (candidate) =>
      withFolder((checkpoints) =>
        withImages(async (data) => {
          const { method, options } = candidate;
          const own = { checkpoints, keepEvery: 1 };
          const dimension = await fitted(candidate, data, (fit) => fit.dimension, own);
          const last = keptCheckpoints(checkpoints).findLast(({ training }) =>
            training.startsWith(lastTraining(checkpoints)),
          );
          assert.ok(last !== undefined);
          const model = method.openCheckpoint(last.path, options, shape);
          const { labels } = model.label(data.pixels);
          assert.ok(labels.every((label) => label >= 0 && label < IMAGE_GROUPS));
          const embeddings = model.embed(data.pixels);
          assert.deepEqual(embeddings.shape, [COUNT, dimension]);
          embeddings.dispose();
          model.dispose();
        }),
      ),
  },
  {
    name: 'more groups than images are refused with the largest number that makes sense',
    run: ({ method, options }) =>
      withImages(
        (data) =>
          assert.rejects(method.fit(data, { ...options, groups: 9 }, context), {
            code: 'method.groups',
            message: /7 images cannot make 9 groups.*at most 7/,
          }),
        { change: (pixels) => pixels.narrow(0, 0, 7).clone() },
      ),
  },
  {
    name: 'what are no images is refused, and unknown options by name',
    run: ({ method, options }) =>
      demandRefusals((change, more) =>
        withImages((data) => whileFitted(method.fit(data, { ...options, ...more }, context), () => undefined), {
          change,
        }),
      ),
  },
  {
    name: 'images that are all equal are survived, and the collapse is said',
    run: (candidate) =>
      withImages(
        (data) =>
          demandCollapseSaid((emit) =>
            fitted(candidate, data, ({ usage }) => assert.equal(usage.collapsed, true), { emit }),
          ),
        { change: equalImages },
      ),
  },
  {
    name: 'shuffled pixels give chance',
    run: (candidate) =>
      withImages(
        (data, truth) =>
          fitted(candidate, data, ({ own }) =>
            assert.ok(Math.abs(ari(truth, own.labels)) < 0.15, `ARI ${ari(truth, own.labels)}`),
          ),
        { isShuffled: true },
      ),
  },
  {
    name: 'nothing but pixels is looked at',
    run: (candidate) => withImages((data) => fitted(candidate, onlyPixels(data), () => undefined)),
  },
  {
    name: 'no tensor is left behind, be it stopped or not',
    run: (candidate) =>
      withImages(async (data) => {
        const before = liveTensors();
        await fitted(candidate, data, (fit) => everything(fit, data));
        assert.equal(liveTensors(), before);
        const stopping = { ...context, ...stopAfter(1) };
        await assert.rejects(candidate.method.fit(data, candidate.options, stopping), { name: 'AbortError' });
        assert.equal(liveTensors(), before);
      }),
  },
];

/** Name of the training whose checkpoint was written last. */
function lastTraining(folder: string): string {
  const names = readdirSync(folder).filter((name) => !/-e\d{4,}\.safetensors$/u.test(name));
  return names.map((name) => name.replace('.safetensors', '')).at(-1) ?? '';
}
