import { join } from 'node:path';
import { noGrad, scope, type Tensor } from '@muster/torch';
import { formatCount, type Emit } from '../base/index.ts';
import { unitRows } from '../cluster/index.ts';
import { scatterFigure, type ScatterPanel } from '../export/index.ts';
import { findEmbeddingMethod } from '../methods/index.ts';
import { ari } from '../metrics/index.ts';
import { modelFolder } from '../store/index.ts';
import { kMeansAgreement, layOut, sampleRows, selectRows, type LayoutName } from './figure-data.ts';
import type { Drawing, FigureRun } from './figure-run.ts';
import { groupCaption } from './open-run.ts';

const layoutTitles: Readonly<Record<LayoutName, string>> = { pca: 'Principal components', umap: 'UMAP', tsne: 't-SNE' };

/** Methods whose last step is a trained head: what it makes of the embeddings is laid out too. */
const withHead: readonly string[] = ['tsp', 'scan', 'tac'];

/** A layout of the embeddings and, where the run trained a head, one of what the head gives. */
export async function layoutFigures(
  run: FigureRun,
  name: LayoutName,
  emit: Emit,
  signal: AbortSignal,
): Promise<Drawing[]> {
  const figures = [await layoutFigure(run, name, run.rows, 'the embeddings', `${name}.svg`, emit, signal)];
  using head = headOutput(run);
  if (head === null) return figures;
  figures.push(await layoutFigure(run, name, head, 'what the head gives', `${name}-head.svg`, emit, signal));
  return figures;
}

async function layoutFigure(
  run: FigureRun,
  name: LayoutName,
  x: Tensor,
  what: string,
  file: string,
  emit: Emit,
  signal: AbortSignal,
): Promise<Drawing> {
  const everything = [...run.labels.keys()];
  const chosen = sampleRows(everything, run.points, run.seed);
  using selected = selectRows(x, chosen);
  const points = await layOut(selected, name, run.seed, emit, signal);
  const part =
    chosen.length < everything.length
      ? `${chosen.length.toLocaleString('en-US')} of ${formatCount(everything.length, 'image')}`
      : formatCount(chosen.length, 'image');
  const title = `${layoutTitles[name]} of ${what}`;
  const basis = what === 'the embeddings' ? `${run.backbone.describe().title}, mean taken out` : run.config.method;
  const svg = scatterFigure({
    title,
    subtitle: [`${part} of ${run.collection.name}; ${basis}.${ariNote(run)}`],
    panels: panelsOf(run, x, points, chosen, signal),
  });
  return { file, title, svg };
}

function ariNote({ truth }: FigureRun): string {
  return truth === null ? '' : ' ARI is agreement with the labels over all labelled images: of the groups, and of k-means with as many groups as labels.'; // prettier-ignore
}

function panelsOf(
  run: FigureRun,
  x: Tensor,
  points: Float32Array,
  rows: readonly number[],
  signal: AbortSignal,
): ScatterPanel[] {
  const { truth, labelled, labels, result, seed } = run;
  const byGroup = {
    points,
    categories: Int32Array.from(rows, (row) => labels[row] ?? -1),
    names: result.groups.map((_, group) => groupCaption(run, group)),
  };
  const count = formatCount(result.groups.length, 'group');
  if (truth === null || labelled.length < 2) return [{ title: `By group: ${count}`, ...byGroup }];
  const known = Int32Array.from(labelled, (row) => truth.values[row] ?? -1);
  const groups = Int32Array.from(labelled, (row) => labels[row] ?? -1);
  using selected = selectRows(x, labelled);
  const agreement = kMeansAgreement(selected, known, seed, signal);
  const classes = new Set(known).size;
  return [
    { title: `By group: ${count}, ARI ${ari(known, groups).toFixed(3)}`, ...byGroup },
    {
      title: `By label: ${formatCount(classes, 'label')}, k-means ARI ${agreement.toFixed(3)}`,
      points,
      categories: Int32Array.from(rows, (row) => truth.values[row] ?? -1),
      names: truth.classes,
    },
  ];
}

/** Least probability: float32 rounds smaller ones to zero, whose logarithm is none. */
const leastProbability = 1e-30;

/** (N, K) unit rows of the head's output before the softmax, up to a constant a row; null where there is no head. The caller's. */
function headOutput({ config, folder, embedded }: FigureRun): Tensor | null {
  if (config.methodId === null || !withHead.includes(config.methodId)) return null;
  const fitted = findEmbeddingMethod(config.methodId).load(join(folder, modelFolder));
  try {
    return scope(() =>
      noGrad(() => {
        const logits = fitted.assign(embedded.embeddings).probabilities.clampMin(leastProbability).log();
        return unitRows(logits.sub(logits.mean([1], true)));
      }),
    );
  } finally {
    fitted.dispose();
  }
}
