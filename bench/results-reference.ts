/**
 * The methods with the settings of a Python pipeline whose figures on the same features are known, beside them:
 * `node --conditions=muster-source bench/results-reference.ts UCMERCED.tar AID.tar CIFAR-10-TEST`. Writes the section of
 * docs/results.md.
 */
import {
  embeddedTemperature,
  EmbeddedTextSpace,
  loadImageClasses,
  loadNouns,
} from '../packages/muster/src/language/index.ts';
import { openBackbone } from '../packages/muster/src/models/index.ts';
import type { TextData } from '../packages/muster/src/methods/index.ts';
import { labelledEmbeddings } from './labelled-embeddings.ts';
import type { LabelledEmbeddings } from './labelled-embeddings.ts';
import { machineLine, meanAndSd, mergeRows, SEEDS, today, writeSection } from './results-page.ts';
import { scoreMethod } from './score-method.ts';
import type { Line } from './score-method.ts';

/** ACC, its sd, NMI, ARI of the pipeline on each collection; null where it gives none. */
type Known = readonly [acc: number, sd: number, nmi: number, ari: number] | null;

interface Reference extends Line {
  readonly known: readonly [ucmerced: Known, aid: Known, cifar: Known];
}

const TSP = { restarts: 5, heads: 1, neighbours: 20, lambda: 3, batch: 256, epochs: 100, rate: 1e-4 } as const;
const TAC_STEPS = 300;
const TAC_BATCH = 512;

const TSP_KNOWN: { readonly unit: Reference['known']; readonly centred: Reference['known'] } = {
  unit: [
    [0.781, 0.021, 0.815, 0.692],
    [0.601, 0.013, 0.642, 0.462],
    [0.502, 0.025, 0.409, 0.302],
  ],
  centred: [
    [0.784, 0.058, 0.818, 0.7],
    [0.617, 0.02, 0.644, 0.47],
    [0.497, 0.022, 0.4, 0.293],
  ],
};

const LINES: readonly Reference[] = [
  {
    title: 'k-means, unit rows (there 5 starts)',
    method: 'k-means',
    set: { rows: 'unit' },
    known: [
      [0.708, 0.053, 0.77, 0.609],
      [0.532, 0.007, 0.588, 0.374],
      [0.463, 0.017, 0.37, 0.251],
    ],
  },
  {
    title: 'k-means, centred rows (there 5 starts)',
    method: 'k-means',
    known: [
      [0.767, 0.002, 0.79, 0.66],
      [0.538, 0.023, 0.585, 0.379],
      [0.458, 0.001, 0.37, 0.253],
    ],
  },
  {
    title: 'Ward, centred rows',
    method: 'agglomerative',
    fixed: true,
    known: [[0.685, 0, 0.78, 0.596], [0.549, 0, 0.608, 0.385], null],
  },
  {
    title: 'spectral, 15 neighbours, centred rows',
    method: 'spectral',
    known: [[0.629, 0.001, 0.785, 0.448], [0.556, 0.011, 0.643, 0.328], null],
  },
  {
    title: 'diagonal mixture, 64 components of centred rows, 3 starts',
    method: 'mixture',
    known: [
      [0.693, 0.028, 0.767, 0.57],
      [0.555, 0.018, 0.604, 0.323],
      [0.424, 0, 0.367, 0.135],
    ],
  },
  {
    title: 'TSP, unit rows, four heads of which the surest is kept',
    method: 'tsp',
    set: { rows: 'unit' },
    known: TSP_KNOWN.unit,
  },
  { title: 'TSP, centred rows, four heads of which the surest is kept', method: 'tsp', known: TSP_KNOWN.centred },
  { title: 'TSP, unit rows, one head', method: 'tsp', set: { ...TSP, rows: 'unit' }, known: TSP_KNOWN.unit },
  { title: 'TSP, centred rows, one head', method: 'tsp', set: TSP, known: TSP_KNOWN.centred },
  {
    title: 'TAC without training, kinds',
    method: 'tac',
    set: { training: 'none' },
    known: [
      [0.581, 0.021, 0.644, 0.431],
      [0.327, 0.005, 0.416, 0.177],
      [0.53, 0.042, 0.397, 0.301],
    ],
  },
  {
    title: 'TAC trained, 300 steps, kinds',
    method: 'tac',
    known: [
      [0.609, 0.006, 0.642, 0.46],
      [0.41, 0.017, 0.463, 0.25],
      [0.51, 0.002, 0.375, 0.282],
    ],
  },
  {
    title: 'TAC without training, kinds and hypernyms',
    method: 'tac',
    set: { training: 'none' },
    text: withHypernyms,
    known: [
      [0.489, 0.016, 0.566, 0.348],
      [0.259, 0.006, 0.352, 0.126],
      [0.431, 0.003, 0.364, 0.26],
    ],
  },
  {
    title: 'TAC trained, 300 steps, kinds and hypernyms',
    method: 'tac',
    text: withHypernyms,
    known: [
      [0.586, 0.014, 0.608, 0.428],
      [0.312, 0.021, 0.382, 0.167],
      [0.5, 0.056, 0.369, 0.272],
    ],
  },
  {
    title: 'UMAP and k-means (there the mean over five views)',
    method: 'umap',
    known: [
      [0.85, 0.034, 0.876, 0.784],
      [0.616, 0.027, 0.665, 0.483],
      [0.555, 0.016, 0.448, 0.354],
    ],
  },
  {
    title: 'UMAP and full mixture (there the mean over five views)',
    method: 'umap',
    set: { grouping: 'mixture', restarts: 2 },
    known: [
      [0.836, 0.038, 0.867, 0.768],
      [0.609, 0.029, 0.661, 0.471],
      [0.54, 0.019, 0.436, 0.333],
    ],
  },
];

/** All words of the backbone's text space. */
function withHypernyms(): TextData {
  const backbone = openBackbone();
  if (backbone.classifier === null) throw new Error('the embedded backbone has a classifier');
  const space = new EmbeddedTextSpace(backbone.classifier, loadNouns(), loadImageClasses());
  const words = space.words.map(({ text }) => text);
  const text = { nouns: space.wordVectors(), words, centreImages: true, temperature: embeddedTemperature };
  space.dispose();
  backbone.dispose();
  return text;
}

/** As many epochs as give the pipeline's number of steps. */
function withSteps(line: Line, { truth }: LabelledEmbeddings): Line {
  if (line.method !== 'tac' || line.set?.['training'] !== undefined) return line;
  return { ...line, set: { ...line.set, epochs: Math.ceil(TAC_STEPS / Math.floor(truth.length / TAC_BATCH)) } };
}

/** Names of the collections in the order of {@link Reference.known}: CIFAR-10 is a folder of its test images. */
const NAMES = ['ucmerced', 'aid', 'test'];

const collections = process.argv.slice(2);
if (collections.length === 0) throw new Error('name ucmerced.tar, aid.tar or the folder test of CIFAR-10');
const rows: string[] = [];
for (const collection of collections) {
  const data = await labelledEmbeddings(collection);
  const place = NAMES.indexOf(data.name);
  if (place < 0) throw new Error(`there is nothing to compare ${data.name} with: ${NAMES.join(', ')}`);
  for (const line of LINES) {
    const { scores } = await scoreMethod(withSteps(line, data), data, SEEDS);
    const known = line.known[place] ?? null;
    const acc = scores.map((score) => score.acc);
    const mean = acc.reduce((sum, value) => sum + value, 0) / acc.length;
    const least = known === null ? null : known[0] - Math.max(known[1], 0.02);
    const verdict = least === null ? '' : mean >= least ? 'yes' : '**no**';
    const theirs =
      known === null
        ? '– | –'
        : `${known[0].toFixed(3)} ± ${known[1].toFixed(3)} | ${known[2].toFixed(3)} / ${known[3].toFixed(3)}`;
    const [nmi, ari] = [scores.map((score) => score.nmi), scores.map((score) => score.ari)].map((values) =>
      (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3),
    );
    rows.push(`| ${data.name} | ${line.title} | ${meanAndSd(acc)} | ${nmi} / ${ari} | ${theirs} | ${verdict} |`);
    process.stdout.write(`${rows.at(-1) ?? ''}\n`);
  }
  data.images[Symbol.dispose]();
}
writeSection(
  'reference',
  [
    machineLine(),
    `Date: ${today()}. Seeds 0 to ${SEEDS - 1} (one run where nothing is random), the number of starts that each method chooses; the pipeline's are two or three.`,
    '',
    '| Collection | Method | ACC | NMI / ARI | pipeline: ACC | NMI / ARI | not below |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...mergeRows('reference', rows),
  ].join('\n'),
);
