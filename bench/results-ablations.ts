/**
 * The ablations of TSP and TAC on the embedded backbone, beside what the papers found:
 * `node --conditions=muster-source bench/results-ablations.ts [--method tsp|tac] [--again] COLLECTION[=LABELS.csv]...`. Writes the
 * section of docs/results.md line by line; lines that are there are left alone without --again.
 */
import { parseArgs } from 'node:util';
import { labelledEmbeddings } from './labelled-embeddings.ts';
import { machineLine, meanAndSd, mergeColumns, SEEDS, today, writeSection } from './results-page.ts';
import type { Columns } from './results-page.ts';
import { scoreMethod } from './score-method.ts';

/** What a change does to ACC. */
type Effect = 'better' | 'worse' | 'none';

type Options = Readonly<Record<string, unknown>>;

interface Change {
  readonly title: string;
  readonly set: Options | ((groups: number) => Options);
  /** What the paper found, and where; null: it gives no figures. */
  readonly paper: { readonly effect: Effect; readonly figures: string } | null;
}

/** A baseline and what is changed in it, one thing at a time. */
interface Ablation {
  readonly title: string;
  readonly method: string;
  readonly set: Options;
  readonly changes: readonly Change[];
}

const none = (figures: string): Change['paper'] => ({ effect: 'none', figures });
const worse = (figures: string): Change['paper'] => ({ effect: 'worse', figures });

const timesGroups = (factor: number) => (groups: number) => ({ centreCount: factor * groups });

const TSP_PAPER = 'CIFAR-10, table 2: ';
const DOGS = 'ImageNet-Dogs, table V: 83.0 to ';
const CENTRES = 'ImageNet-Dogs, table IV: 83.0 to ';

const ABLATIONS: readonly Ablation[] = [
  {
    title: 'TSP, one head, k-means start, 20 neighbours, Gaussian weights',
    method: 'tsp',
    set: { heads: 1 },
    changes: [
      { title: 'random start', set: { start: 'random' }, paper: worse('CIFAR-10, text: 92.1 to 85.6') },
      { title: '5 neighbours', set: { neighbours: 5 }, paper: none(`${TSP_PAPER}92.1 to 92.4`) },
      { title: '10 neighbours', set: { neighbours: 10 }, paper: none(`${TSP_PAPER}92.1 to 92.6`) },
      { title: '30 neighbours', set: { neighbours: 30 }, paper: none(`${TSP_PAPER}92.1 to 91.9`) },
      { title: 'all neighbours alike', set: { weights: 'hard' }, paper: null },
      { title: 'exact weighted sum in place of a drawn neighbour', set: { pairs: 'exact' }, paper: null },
    ],
  },
  {
    title: 'TAC trained',
    method: 'tac',
    set: {},
    changes: [
      { title: 'distillation alone', set: { without: ['confidence', 'balance'] }, paper: worse(`${DOGS}69.5`) },
      { title: 'confidence alone', set: { without: ['distillation', 'balance'] }, paper: worse(`${DOGS}14.3`) },
      { title: 'balance alone', set: { without: ['distillation', 'confidence'] }, paper: worse(`${DOGS}19.3`) },
      { title: 'without the balance', set: { without: ['balance'] }, paper: worse(`${DOGS}57.0`) },
      { title: 'without the confidence', set: { without: ['confidence'] }, paper: none(`${DOGS}83.5`) },
      { title: 'without the distillation', set: { without: ['distillation'] }, paper: worse(`${DOGS}81.8`) },
      { title: 'γ = 1', set: { gamma: 1 }, paper: worse('figure 5b: one noun is too little') },
      { title: 'γ = 3', set: { gamma: 3 }, paper: none('figure 5b: stable from 3 to 10') },
      { title: 'γ = 10', set: { gamma: 10 }, paper: none('figure 5b: stable from 3 to 10') },
      { title: 'γ = 30', set: { gamma: 30 }, paper: worse('figure 5b: too many nouns') },
      // Ñ by way of k: these collections are so small that 3K is more than N / 300.
      { title: 'Ñ large: K centres', set: timesGroups(1), paper: worse('figure 5a: large centres') },
      { title: 'Ñ small: 10K centres', set: timesGroups(10), paper: worse('figure 5a: small centres, ImageNet-Dogs') },
      { title: 'τ̃ = .0035', set: { temperature: 0.0035 }, paper: worse('figure 5c: below .01') },
      { title: 'τ̃ = .07', set: { temperature: 0.07 }, paper: none('figure 5c: .005 to .01') },
      { title: 'τ̃ = .35', set: { temperature: 0.35 }, paper: worse('figure 5c: above .01') },
      { title: 'centres by Ward', set: { centres: 'agglomerative' }, paper: worse(`${CENTRES}81.7`) },
      { title: 'centres by spectral clustering', set: { centres: 'spectral' }, paper: none(`${CENTRES}83.1`) },
      { title: 'centres by DBSCAN', set: { centres: 'dbscan' }, paper: worse(`${CENTRES}80.4`) },
      { title: 'all nouns', set: { centres: 'all-nouns' }, paper: worse(`${CENTRES}78.7`) },
    ],
  },
];

/** Above this many images three seeds are run. */
const MANY = 2500;

/** Of docs/results.md, and its table's first columns. */
const SECTION = 'ablations';
const CAPTIONS = ['Change', 'the paper'];

/** A change counts from this much ACC on, and from two standard errors. */
const NOTICED = 0.01;

function meanAndError(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: values.length > 1 ? squares / (values.length - 1) / values.length : 0 };
}

function effectOf(base: readonly number[], changed: readonly number[]): Effect {
  const [from, to] = [meanAndError(base), meanAndError(changed)];
  const difference = to.mean - from.mean;
  const threshold = Math.max(NOTICED, 2 * Math.sqrt(from.variance + to.variance));
  return Math.abs(difference) <= threshold ? 'none' : difference > 0 ? 'better' : 'worse';
}

/** Beside the paper's effect; "none": no difference is seen here. */
function verdict(found: Effect, paper: Change['paper']): string {
  if (paper === null || found === 'none') return paper?.effect === 'none' ? 'same' : found;
  if (paper.effect === 'none') return found;
  return found === paper.effect ? 'same' : 'opposite';
}

const { values: flags, positionals: collections } = parseArgs({
  allowPositionals: true,
  options: { method: { type: 'string' }, again: { type: 'boolean' } },
});
if (collections.length === 0) throw new Error('name the collections: tars or folders, or FOLDER=LABELS.csv');
for (const collection of collections) {
  const data = await labelledEmbeddings(collection);
  const classes = new Set(data.truth).size;
  const put = (change: string, cell: string): void => {
    process.stdout.write(`${data.name}: ${change}: ${cell}\n`);
    writeTable(mergeColumns(SECTION, CAPTIONS.length, new Map([[data.name, new Map([[change, cell]])]])));
  };
  for (const { title, method, set, changes } of ABLATIONS) {
    if (flags.method !== undefined && flags.method !== method) continue;
    const known = mergeColumns(SECTION, CAPTIONS.length, new Map()).get(data.name);
    const left = changes.filter((change) => flags.again === true || (known?.get(change.title) ?? '') === '');
    if (left.length === 0) continue;
    const accOf = async (own: Options): Promise<number[]> => {
      const seeds = data.truth.length > MANY ? 3 : SEEDS;
      const { scores } = await scoreMethod({ title, method, set: { ...set, ...own } }, data, seeds);
      return scores.map(({ acc }) => acc);
    };
    const base = await accOf({});
    put(`**${title}**`, meanAndSd(base));
    for (const change of left) {
      const acc = await accOf(typeof change.set === 'function' ? change.set(classes) : change.set);
      put(change.title, `${meanAndSd(acc)} ${verdict(effectOf(base, acc), change.paper)}`);
    }
  }
  data.images[Symbol.dispose]();
}

function writeTable(columns: Columns): void {
  const row = (title: string, paper: string): string =>
    `| ${[title, paper, ...[...columns.values()].map((cells) => cells.get(title) ?? '')].join(' | ')} |`;
  const text = [
    machineLine(),
    `Date: ${today()}. ACC, mean ± standard deviation of seeds 0 to ${SEEDS - 1} (0 to 2 above ${MANY} images). "same", "opposite": the direction beside the paper's; "none": no difference here (less than ${NOTICED} or two standard errors); "better", "worse": what is seen here where the paper gives no figures or sees no difference.`,
    '',
    `| ${[...CAPTIONS, ...columns.keys()].join(' | ')} |`,
    `|${' --- |'.repeat(CAPTIONS.length + columns.size)}`,
    ...ABLATIONS.flatMap(({ title, changes }) => [
      row(`**${title}**`, ''),
      ...changes.map(({ title: change, paper }) =>
        row(change, paper === null ? 'no figures' : `${paper.effect}: ${paper.figures}`),
      ),
    ]),
  ];
  writeSection(SECTION, text.join('\n'));
}
