import * as torch from '@muster/torch';
import { noGrad, scope, tensor, type Tensor } from '@muster/torch';
import { formatCount, type Emit } from '../base/index.ts';
import { unitRows } from '../cluster/index.ts';
import { groupSizes, likeliestWords, meanShares, type WordShare } from '../language/index.ts';
import { onEmbeddings, type EmbeddingFitted, type Fitted, type Promises, type TextData } from '../methods/index.ts';
import { centredRows, chooseGroups, largestFirst, type GroupChoice, type Grouping } from './group.ts';
import { wholeOptions, type MethodPlan } from './plan-method.ts';
import { MethodModel, type RunModel } from './run-model.ts';

/** Groups that a method found. */
export interface MethodGrouping extends Grouping {
  /** The method's own options, defaults and number of groups among them. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the method reports: loss, rounds. */
  readonly values: Readonly<Record<string, number>>;
  /** Words that it chose; empty where it chooses none. */
  readonly words: readonly string[];
  /** The likeliest of them in each group; undefined where images are not described by words. */
  readonly nouns: readonly (readonly WordShare[])[] | undefined;
  /** Given class name of each group; null where groups are no classes. */
  readonly classes: readonly string[] | null;
  /** The caller's. */
  readonly model: RunModel;
}

export interface MethodInputs {
  /** (N, D) as the backbone gives them; stays the caller's. */
  readonly embeddings: Tensor;
  readonly text: TextData | undefined;
  readonly seed: number;
  /** Folder for checkpoints; undefined: none are kept. */
  readonly checkpoints?: string | undefined;
}

/**
 * Groups embeddings by a method of the registry. The number of groups, where the method takes one and none is wanted, is
 * estimated as for the default way. Groups are numbered by size; those without an image come last and are left out.
 */
export async function groupByMethod(
  plan: MethodPlan,
  { embeddings, text, seed, checkpoints }: MethodInputs,
  emit: Emit,
  signal: AbortSignal,
): Promise<MethodGrouping> {
  const choice = chooseNumber(plan, embeddings, seed, emit);
  const options = wholeOptions(plan, choice.groups);
  emit({ stage: 'group', message: `${plan.method.title}: ${formatCount(embeddings.shape[0] ?? 0, 'image')}` });
  const data = { embeddings, ...(text === undefined ? {} : { text }) };
  const fitted = await onEmbeddings(plan.method).fit(data, options, {
    seed,
    device: 'cpu',
    emit,
    signal,
    ...(checkpoints === undefined ? {} : { checkpoints }),
  });
  const { labels, order } = largestFirst(fitted.own.labels, fitted.groups);
  const occupied = new Set(order);
  const whole = [
    ...order,
    ...Array.from({ length: fitted.groups }, (_, own) => own).filter((own) => !occupied.has(own)),
  ];
  const closeness = closenessToMeans(embeddings, labels, order.length);
  const names = plan.takesGroups || text?.classes === undefined ? null : text.classes.names;
  return {
    labels,
    groups: order.length,
    reason: choice.reason,
    closeness,
    confidence: fitted.groups > 1 ? fitted.own.confidence : null,
    notes: [...choice.notes, ...usageRemarks(fitted, order.length, plan.method.promises)],
    inertia: closeness.reduce((sum, cosine) => sum + 1 - cosine, 0),
    restarts: 0,
    options,
    values: fitted.values,
    words: names === null ? fitted.words : [],
    nouns: nounsOf(fitted, embeddings, labels, order.length),
    classes: names === null ? null : whole.map((own) => names[own] ?? `class ${own + 1}`),
    model: new MethodModel(fitted, whole),
  };
}

/** Nouns told of a group. */
const nounsTold = 5;

/** The mean of TAC's eq. 8 over the images of each group, its largest numbers. */
function nounsOf(
  { reading, words }: EmbeddingFitted,
  embeddings: Tensor,
  labels: Int32Array,
  groups: number,
): WordShare[][] | undefined {
  if (reading === null) return undefined;
  const sizes = groupSizes(labels, groups);
  const shares = noGrad(() =>
    meanShares((rows) => reading.probabilities(rows), words.length, embeddings, labels, sizes),
  );
  return shares.map((row) => likeliestWords(row, words, nounsTold));
}

function chooseNumber(plan: MethodPlan, embeddings: Tensor, seed: number, emit: Emit): GroupChoice {
  if (plan.takesGroups) return chooseGroups(embeddings, { groups: plan.groups, seed }, emit);
  const isFound = plan.method.promises === 'as-many-as-found';
  return {
    groups: 1,
    reason: isFound ? 'as many as the method found' : 'classes that some image fits best',
    notes: [],
  };
}

/** What the reader must know of how a fit uses its groups. @param occupied groups that have an image */
export function usageRemarks({ usage, groups }: Fitted, occupied: number, promises: Promises): string[] {
  const notes: string[] = [];
  if (usage.collapsed) {
    notes.push(
      `The groups have collapsed: ${usage.occupied} of ${groups} are in use, ${usage.effective.toFixed(1)} in effect. They say little about the images.`,
    );
  } else if (occupied < groups) {
    const what = promises === 'up-to-k' ? 'have no image and are' : 'stayed empty and are';
    notes.push(`${groups - occupied} of ${groups} groups ${what} left out.`);
  }
  if (usage.outside > 0) {
    notes.push(
      `${formatCount(usage.outside, 'image')} ${usage.outside === 1 ? 'is' : 'are'} in no group; scores count them as one more group.`,
    );
  }
  return notes;
}

/** Cosine of each row with the mean of its group, the collection's mean being taken from all; 0 for rows in none. */
function closenessToMeans(embeddings: Tensor, labels: Int32Array, groups: number): Float32Array {
  if (groups === 0) return new Float32Array(labels.length);
  return scope(() =>
    noGrad(() => {
      const rows = centredRows(embeddings);
      const inside = torch.tensor(Float32Array.from(labels, (label) => (label < 0 ? 0 : 1)));
      const index = tensor(BigInt64Array.from(labels, (label) => BigInt(Math.max(0, label))));
      const sums = torch.zeros([groups, rows.shape[1] ?? 0], { dtype: 'float32' });
      const means = unitRows(sums.indexAdd(0, index, rows.mul(inside.unsqueeze(1))));
      return rows.mul(means.indexSelect(0, index)).sum([1]).mul(inside).toFloat32Array();
    }),
  );
}
