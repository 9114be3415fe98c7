import assert from 'node:assert/strict';
import * as torch from '@muster/torch';
import { generator, liveTensors, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { silent } from '../base/index.ts';
import type { MusterEvent } from '../base/index.ts';
import { demandCollapseSaid, demandSavedValues, whileFitted, withFolder, withThreads } from '../conformance/index.ts';
import { ari } from '../metrics/index.ts';
import type { EmbeddingData, EmbeddingMethod, Fitted, MethodContext } from './method.ts';

/** A method on embeddings with settings that suit a small made data set, `groups` among them where it takes any. */
export interface Candidate {
  readonly method: EmbeddingMethod;
  readonly options: Readonly<Record<string, unknown>>;
}

/** One demand on every method on embeddings. `run` ends in an AssertionError where it is not met. */
export interface Demand {
  readonly name: string;
  /** Whether it concerns this method; all where absent. */
  concerns?(method: EmbeddingMethod): boolean;
  /** Made of every variant of a method, not only of its usual settings. */
  readonly ofVariants?: true;
  run(candidate: Candidate): Promise<void>;
}

const ROWS = 240;
const WIDTH = 12;
const WORDS_A_GROUP = 6;
/** Groups of the made data. */
export const PLANTED_GROUPS = 4;

const context: MethodContext = { seed: 11, device: 'cpu', emit: silent };

/** Well separated groups of equal size, with words around their directions and class names. */
function plantedData(): { data: EmbeddingData; truth: number[] } {
  using random = generator(5);
  const draw = { generator: random, dtype: 'float32' } as const;
  return scope(() => {
    const [axes] = torch.linalgQr(torch.randn([WIDTH, WIDTH], draw));
    const directions = axes.narrow(0, 0, PLANTED_GROUPS);
    const labels = torch.arange(ROWS, { dtype: 'int64' }).remainder(PLANTED_GROUPS);
    const embeddings = directions
      .indexSelect(0, labels)
      .add(torch.randn([ROWS, WIDTH], draw), { alpha: 0.05 })
      .abs();
    const subjects = torch.arange(PLANTED_GROUPS * WORDS_A_GROUP, { dtype: 'int64' }).remainder(PLANTED_GROUPS);
    const nouns = directions
      .abs()
      .indexSelect(0, subjects)
      .add(torch.randn([subjects.numel, WIDTH], draw), { alpha: 0.05 });
    const names = Array.from({ length: PLANTED_GROUPS }, (_, i) => `class ${i}`);
    const classes = { names, prompts: directions.abs().unsqueeze(1).clone() };
    const words = subjects.toNumbers().map((subject, i) => `word ${subject}.${i}`);
    return {
      data: { embeddings, text: { nouns, words, classes, centreImages: false, temperature: 0.05 } },
      truth: labels.toNumbers(),
    };
  });
}

/** Runs a body with made data, freed afterwards, and may change the embeddings first. */
async function withData(
  body: (data: EmbeddingData, truth: number[]) => Promise<void>,
  change: (embeddings: Tensor) => Tensor = (embeddings) => embeddings,
): Promise<void> {
  const { data, truth } = plantedData();
  const embeddings = scope(() => change(data.embeddings));
  try {
    await body({ ...data, embeddings }, truth);
  } finally {
    for (const tensor of new Set([data.embeddings, embeddings, data.text?.nouns, data.text?.classes?.prompts]))
      tensor?.dispose();
  }
}

function fitted<T>(
  { method, options }: Candidate,
  data: EmbeddingData,
  use: (fit: Fitted) => T | Promise<T>,
  other: Partial<MethodContext> = {},
): Promise<T> {
  return whileFitted(method.fit(data, options, { ...context, ...other }), use);
}

/** Labels and all probabilities, to be compared to the last bit. */
function everything(fit: Fitted, embeddings: Tensor): { labels: number[]; own: number[]; probabilities: number[] } {
  const { labels, probabilities } = fit.assign(embeddings);
  const values = probabilities.toNumbers();
  probabilities.dispose();
  return { labels: [...labels], own: [...fit.own.labels], probabilities: values };
}

const takesGroups = (method: EmbeddingMethod): boolean => 'groups' in method.options.shape;

/** Every demand; a registered method on embeddings meets them all. */
export const demands: readonly Demand[] = [
  {
    name: 'the same seed and number of threads give the same bytes; one thread or two, the same groups',
    ofVariants: true,
    run: ({ method, options }) =>
      withData(async (data) => {
        // Two threads wait for one another at every step, so few epochs have to do.
        const candidate = { method, options: method.trains ? { ...options, epochs: 4 } : options };
        const once = () => fitted(candidate, data, (fit) => everything(fit, data.embeddings));
        const [alone, together] = await withThreads(async () => {
          const first = await once();
          assert.deepEqual(await once(), first);
          return first;
        });
        for (const kind of ['own', 'labels'] as const) {
          const agreement = ari(alone[kind], together[kind]);
          assert.ok(agreement >= 0.99, `ARI ${agreement} (${kind})`);
        }
      }),
  },
  {
    name: 'the number of groups is what the method promises',
    concerns: takesGroups,
    run: (candidate) =>
      withData((data) =>
        fitted(candidate, data, ({ groups, usage, own }) => {
          assert.equal(groups, candidate.options['groups']);
          if (candidate.method.promises === 'exactly-k') assert.equal(usage.occupied, groups);
          assert.ok(own.labels.every((label) => label >= -1 && label < groups));
          assert.equal(
            usage.sizes.reduce((sum, size) => sum + size, usage.outside),
            ROWS,
          );
        }),
      ),
  },
  {
    name: 'probabilities are probabilities, and a label is the likeliest group',
    run: (candidate) =>
      withData((data) =>
        fitted(candidate, data, (fit) => {
          const { labels, confidence, probabilities } = fit.assign(data.embeddings);
          const rows = probabilities.toNested() as number[][];
          probabilities.dispose();
          rows.forEach((row, i) => {
            const sum = row.reduce((total, p) => total + p, 0);
            const label = labels[i] ?? -1;
            assert.ok(Math.abs(sum - (label < 0 ? 0 : 1)) < 1e-4, `row ${i} sums to ${sum}`);
            assert.ok(label < 0 || (row[label] ?? 0) === Math.max(...row));
            assert.ok((confidence[i] ?? -1) >= 0 && (confidence[i] ?? 2) <= 1 + 1e-6);
          });
        }),
      ),
  },
  {
    name: 'saved and loaded it assigns the same',
    ofVariants: true,
    run: (candidate) =>
      withFolder((folder) =>
        withData((data) =>
          fitted(candidate, data, (fit) => {
            fit.save(folder);
            const loaded = candidate.method.load(folder);
            assert.deepEqual(everything(loaded, data.embeddings), everything(fit, data.embeddings));
            assert.deepEqual(loaded.usage, fit.usage);
            loaded.dispose();
          }),
        ),
      ),
  },
  {
    name: 'rows that it was not fitted on get the groups of their like',
    run: (candidate) =>
      withData(async (data, truth) => {
        const half = ROWS / 2;
        const [first, second] = [data.embeddings.narrow(0, 0, half), data.embeddings.narrow(0, half, half)];
        await fitted(candidate, { ...data, embeddings: first }, (fit) => {
          const { labels } = fit.label(second);
          assert.ok(ari(truth.slice(half), labels) >= 0.9, `ARI ${ari(truth.slice(half), labels)}`);
        });
        first.dispose();
        second.dispose();
      }),
  },
  {
    name: 'interrupted and resumed it ends as if it never stopped',
    concerns: ({ trains }) => trains,
    run: (candidate) =>
      withFolder((checkpoints) =>
        withData(async (data) => {
          const whole = await fitted(candidate, data, (fit) => everything(fit, data.embeddings));
          const stop = new AbortController();
          const emit = ({ done }: MusterEvent): void => {
            if (done === 2) stop.abort();
          };
          await assert.rejects(
            candidate.method.fit(data, candidate.options, { ...context, checkpoints, emit, signal: stop.signal }),
            { name: 'AbortError' },
          );
          const resumed = await fitted(candidate, data, (fit) => everything(fit, data.embeddings), { checkpoints });
          assert.deepEqual(resumed, whole);
        }),
      ),
  },
  {
    name: 'without an epoch there is a fit, which is saved without numbers that are not known',
    concerns: ({ trains }) => trains,
    run: ({ method, options }) =>
      withFolder((folder) =>
        withData((data) =>
          fitted({ method, options: { ...options, epochs: 0 } }, data, (fit) =>
            demandSavedValues(folder, (saved) => method.load(saved), fit),
          ),
        ),
      ),
  },
  {
    name: 'more groups than rows are refused with the largest number that makes sense',
    concerns: takesGroups,
    run: ({ method, options }) =>
      withData(
        (data) =>
          assert.rejects(method.fit(data, { ...options, groups: 9 }, context), {
            code: 'method.groups',
            message: /at most 7/,
          }),
        (embeddings) => embeddings.narrow(0, 0, 7).clone(),
      ),
  },
  {
    name: 'NaN and infinities are refused by their row',
    run: async ({ method, options }) => {
      for (const value of [Number.NaN, Infinity]) {
        await withData(
          (data) =>
            assert.rejects(method.fit(data, options, context), { code: 'method.not-finite', message: /Row 17 / }),
          (embeddings) => {
            embeddings.select(0, 17).select(0, 3).fill_(value);
            return embeddings.clone();
          },
        );
      }
    },
  },
  {
    name: 'unknown options are refused by name',
    run: ({ method, options }) =>
      withData((data) =>
        assert.rejects(method.fit(data, { ...options, grops: 3 }, context), {
          code: 'method.options',
          message: /grops/,
        }),
      ),
  },
  {
    name: 'rows that are all equal are survived, and the collapse is said',
    run: (candidate) =>
      withData(
        (data) =>
          demandCollapseSaid((emit) =>
            fitted(candidate, data, ({ usage }) => assert.equal(usage.collapsed, true, JSON.stringify(usage)), {
              emit,
            }),
          ),
        (embeddings) => embeddings.narrow(0, 0, 1).expand([ROWS, WIDTH]).contiguous(),
      ),
  },
  {
    name: 'planted groups are found',
    run: (candidate) =>
      withData((data, truth) =>
        fitted(candidate, data, ({ own, usage }) => {
          assert.ok(ari(truth, own.labels) >= 0.95, `ARI ${ari(truth, own.labels)}`);
          assert.equal(usage.collapsed, false);
        }),
      ),
  },
  {
    name: 'shuffled data give chance',
    run: (candidate) =>
      withData(
        (data, truth) =>
          fitted(candidate, data, ({ own }) =>
            assert.ok(Math.abs(ari(truth, own.labels)) < 0.05, `ARI ${ari(truth, own.labels)}`),
          ),
        (embeddings) => {
          using random = generator(9);
          const columns = embeddings.unbind(1).map((column) => {
            return column.indexSelect(0, torch.randperm(ROWS, { generator: random, dtype: 'int64' }));
          });
          return torch.stack(columns, 1);
        },
      ),
  },
  {
    name: 'nothing but embeddings, neighbours and words is looked at',
    run: (candidate) =>
      withData(async (data) => {
        const allowed = new Set<string | symbol>(['embeddings', 'neighbours', 'text']);
        const watched = new Proxy(data, {
          get: (target, key) => {
            assert.ok(allowed.has(key), `looked for ${String(key)}`);
            return Reflect.get(target, key) as unknown;
          },
        });
        await fitted(candidate, watched, () => undefined);
      }),
  },
  {
    name: 'no tensor is left behind',
    ofVariants: true,
    run: (candidate) =>
      withData(async (data) => {
        const before = liveTensors();
        await fitted(candidate, data, (fit) => everything(fit, data.embeddings));
        assert.equal(liveTensors(), before);
      }),
  },
  {
    name: 'a stop signal ends it',
    run: ({ method, options }) =>
      withData((data) =>
        assert.rejects(method.fit(data, options, { ...context, signal: AbortSignal.abort() }), { name: 'AbortError' }),
      ),
  },
];
