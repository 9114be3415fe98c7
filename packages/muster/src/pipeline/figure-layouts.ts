import { noGrad, scope, type Tensor } from '@muster/torch';
import { formatCount, type Emit } from '../base/index.ts';
import { unitRows } from '../cluster/index.ts';
import { scatterFigure, type ScatterPanel } from '../export/index.ts';
import type { EmbeddingFitted } from '../methods/index.ts';
import { ari } from '../metrics/index.ts';
import { kMeansAgreement, layOut, sampleRows, selectRows, type LayoutName } from './figure-data.ts';
import type { Drawing, FigureRun } from './figure-run.ts';
import { groupCaption } from './open-run.ts';
import { loadFit } from './run-fit.ts';

const layoutTitles: Readonly<Record<LayoutName, string>> = { pca: 'Principal components', umap: 'UMAP', tsne: 't-SNE' };

/** Rows that are laid out. */
interface View {
  readonly what: string;
  /** Added to the name of the file. */
  readonly suffix: string;
  /** (N, d) unit rows. */
  readonly rows: Tensor;
}

/**
 * Layouts of the embeddings; where the run describes images by words, of their counterparts and of both side by side; where it trained a
 * head, of what the head gives (TAC figure 4).
 */
export async function layoutFigures(
  run: FigureRun,
  name: LayoutName,
  emit: Emit,
  signal: AbortSignal,
): Promise<Drawing[]> {
  const figures = [await layoutFigure(run, name, { what: 'the embeddings', suffix: '', rows: run.rows }, emit, signal)];
  const fitted = loadFit(run);
  if (fitted === null) return figures;
  try {
    for (const { what, suffix, make } of viewsOf(fitted, run.embedded.embeddings)) {
      using rows = scope(() => noGrad(make));
      figures.push(await layoutFigure(run, name, { what, suffix, rows }, emit, signal));
    }
  } finally {
    fitted.dispose();
  }
  return figures;
}

/** What a fit makes of embeddings; made one after the other, since each is as large as they are. */
function viewsOf(
  fitted: EmbeddingFitted,
  embeddings: Tensor,
): (Omit<View, 'rows'> & { readonly make: () => Tensor })[] {
  const { reading, isHead } = fitted;
  const texts =
    reading === null
      ? []
      : [
          { what: 'text counterparts', suffix: '-counterparts', make: () => reading.counterparts(embeddings) },
          { what: 'images beside their text', suffix: '-joined', make: () => unitRows(reading.joined(embeddings)) },
        ];
  if (!isHead) return texts;
  return [...texts, { what: 'what the head gives', suffix: '-head', make: () => headOutput(fitted, embeddings) }];
}

async function layoutFigure(
  run: FigureRun,
  name: LayoutName,
  { what, suffix, rows: x }: View,
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
  const basis = suffix === '' ? `${run.backbone.describe().title}, mean taken out` : run.config.method;
  const svg = scatterFigure({
    title,
    subtitle: [`${part} of ${run.collection.name}; ${basis}.${ariNote(run)}`],
    panels: panelsOf(run, x, points, chosen, signal),
  });
  return { file: `${name}${suffix}.svg`, title, svg };
}

function ariNote({ truth }: FigureRun): string {
  return truth === null ? '' : ' ARI is agreement with the labels over all labelled images: of the groups, and of k-means on these rows with as many groups as labels.'; // prettier-ignore
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
  const kMeans = `k-means ARI ${agreement.toFixed(3)}`;
  return [
    { title: `By group: ${count}, ARI ${ari(known, groups).toFixed(3)}, ${kMeans}`, ...byGroup },
    {
      title: `By label: ${formatCount(classes, 'label')}, ${kMeans}`,
      points,
      categories: Int32Array.from(rows, (row) => truth.values[row] ?? -1),
      names: truth.classes,
    },
  ];
}

/** Least probability: float32 rounds smaller ones to zero, whose logarithm is none. */
const leastProbability = 1e-30;

/** (N, K) unit rows of the head's output before the softmax, up to a constant a row. The caller's. */
function headOutput(fitted: EmbeddingFitted, embeddings: Tensor): Tensor {
  return scope(() => {
    const logits = fitted.assign(embeddings).probabilities.clampMin(leastProbability).log();
    return unitRows(logits.sub(logits.mean([1], true)));
  });
}
