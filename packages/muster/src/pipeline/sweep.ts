import { setImmediate } from 'node:timers/promises';
import { noGrad, type Tensor } from '@muster/torch';
import type { Emit } from '../base/index.ts';
import { acc, ari, entropy, nmi, silhouette } from '../metrics/index.ts';
import type { TextData } from '../methods/index.ts';
import { sampleRows, selectRows } from './figure-data.ts';
import { groupByMethod } from './group-by-method.ts';
import { groupEmbeddings, requireEnough } from './group.ts';
import type { SweepFit, SweepPlan } from './plan-sweep.ts';
import { meanAndSd } from './train-scores.ts';
import type { Spread } from './train-options.ts';

/** What a sweep runs on. */
export interface SweepInputs {
  /** (N, D) as the backbone gives them. */
  readonly embeddings: Tensor;
  /** (N, D) unit rows, the mean taken out: what the silhouette is measured in. */
  readonly rows: Tensor;
  /** Label of each row, -1 for none; null without labels. Read when a fit is done, by the scores alone. */
  readonly truth: Int32Array | null;
  readonly text: TextData | undefined;
  /** Seed of the first fit of each value; the next ones follow. */
  readonly seed: number;
  readonly seeds: number;
}

/** What came of a value: means over the seeds and their sample standard deviations. */
export interface SweepValue {
  readonly value: unknown;
  readonly isOwn: boolean;
  readonly acc: Spread | null;
  readonly nmi: Spread | null;
  readonly ari: Spread | null;
  /** Of the embeddings by the cosine; null where no fit has two groups. */
  readonly silhouette: Spread | null;
  /** Groups that have images. */
  readonly groups: Spread;
  /** exp of the entropy of the sizes: as many equal groups would be used as unevenly. */
  readonly effective: Spread;
  /** Mean time of a fit. */
  readonly seconds: number;
}

/** A finished sweep. */
export interface SweepResult {
  readonly key: string;
  /** The run's own value; null where it was left to the method. */
  readonly own: unknown;
  readonly seeds: readonly number[];
  readonly values: readonly SweepValue[];
}

/** Scores of one fit. */
type FitScores = Readonly<Record<'acc' | 'nmi' | 'ari' | 'silhouette', number | null>> & {
  readonly groups: number;
  readonly effective: number;
};

/** Images that the silhouette is measured on, at most: it compares all pairs. */
const silhouetteRows = 2000;

/**
 * Fits every value of a sweep with every seed. It can be stopped between the fits and within them.
 *
 * @throws MusterError `cluster.too-many-groups` before the first fit, or what a fit throws
 */
export async function runSweep(
  { key, own, positions }: SweepPlan,
  inputs: SweepInputs,
  emit: Emit,
  signal: AbortSignal,
): Promise<SweepResult> {
  for (const { fit } of positions) requireEnough(groupsOf(fit), inputs.embeddings.shape[0] ?? 0);
  const seeds = Array.from({ length: inputs.seeds }, (_, at) => inputs.seed + at);
  const total = positions.length * seeds.length;
  const sample = sampleRows([...Array(inputs.rows.shape[0] ?? 0).keys()], silhouetteRows, inputs.seed);
  const values: SweepValue[] = [];
  let done = 0;
  for (const { value, isOwn, fit } of positions) {
    const fits: FitScores[] = [];
    const start = performance.now();
    let scoring = 0;
    for (const seed of seeds) {
      emit({ stage: 'sweep', done, total, unit: 'fits' });
      await setImmediate();
      signal.throwIfAborted();
      const labels = await fitOnce(fit, inputs, seed, emit, signal);
      const fitted = performance.now();
      fits.push(scoreFit(labels, inputs, sample, signal));
      scoring += performance.now() - fitted;
      done++;
    }
    const seconds = (performance.now() - start - scoring) / 1000 / seeds.length;
    values.push({ value, isOwn, ...spreads(fits), seconds });
  }
  emit({ stage: 'sweep', done, total, unit: 'fits' });
  return { key, own, seeds, values };
}

function groupsOf(fit: SweepFit): number | undefined {
  return fit.plan === null ? fit.groups : fit.plan.groups;
}

/** Group of each row, from 0; -1: in none. */
async function fitOnce(
  fit: SweepFit,
  { embeddings, text }: SweepInputs,
  seed: number,
  emit: Emit,
  signal: AbortSignal,
): Promise<Int32Array> {
  // Its own progress would take turns with the sweep's.
  const warnings: Emit = (event) => (event.level === 'warning' ? emit(event) : undefined);
  if (fit.plan === null) {
    const { groups, restarts } = fit;
    return (await groupEmbeddings(embeddings, { groups, restarts, seed }, warnings, signal)).labels;
  }
  const { labels, model } = await groupByMethod(fit.plan, { embeddings, text, seed }, warnings, signal);
  model[Symbol.dispose]();
  return labels;
}

function scoreFit(
  labels: Int32Array,
  { rows, truth }: SweepInputs,
  sample: readonly number[],
  signal: AbortSignal,
): FitScores {
  const sizes = new Int32Array(labels.reduce((most, label) => Math.max(most, label + 1), 0));
  for (const label of labels) if (label >= 0) sizes[label] = (sizes[label] ?? 0) + 1;
  const inside = sizes.reduce((sum, size) => sum + size, 0);
  return {
    ...agreement(labels, truth),
    silhouette: silhouetteOf(rows, labels, sample, signal),
    groups: sizes.filter((size) => size > 0).length,
    effective: inside === 0 ? 0 : Math.exp(entropy(sizes, inside)),
  };
}

/** Scores over the rows that have a label; images in no group count as one more group. */
function agreement(labels: Int32Array, truth: Int32Array | null): Pick<FitScores, 'acc' | 'nmi' | 'ari'> {
  const labelled = [...(truth?.keys() ?? [])].filter((row) => (truth?.[row] ?? -1) >= 0);
  if (truth === null || labelled.length === 0) return { acc: null, nmi: null, ari: null };
  const known = Int32Array.from(labelled, (row) => truth[row] ?? -1);
  const found = Int32Array.from(labelled, (row) => labels[row] ?? -1);
  return { acc: acc(known, found), nmi: nmi(known, found), ari: ari(known, found) };
}

function silhouetteOf(rows: Tensor, labels: Int32Array, sample: readonly number[], signal: AbortSignal): number | null {
  const inside = sample.filter((row) => (labels[row] ?? -1) >= 0);
  const found = Int32Array.from(inside, (row) => labels[row] ?? -1);
  if (new Set(found).size < 2) return null;
  using selected = selectRows(rows, inside);
  const { samples, score } = noGrad(() => silhouette(selected, found, { metric: 'cosine', signal }));
  samples.dispose();
  return score;
}

function spreads(fits: readonly FitScores[]): Omit<SweepValue, 'value' | 'isOwn' | 'seconds'> {
  const spread = (name: keyof FitScores): Spread | null => {
    const known = fits.map((fit) => fit[name]).filter((score) => score !== null);
    return known.length === 0 ? null : meanAndSd(known);
  };
  return {
    acc: spread('acc'),
    nmi: spread('nmi'),
    ari: spread('ari'),
    silhouette: spread('silhouette'),
    groups: meanAndSd(fits.map(({ groups }) => groups)),
    effective: meanAndSd(fits.map(({ effective }) => effective)),
  };
}
