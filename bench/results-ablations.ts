/**
 * The ablations of TSP and TAC on the embedded backbone, beside what the papers found:
 * `node --conditions=muster-source bench/results-ablations.ts COLLECTION[=LABELS.csv]...`. Writes the section of
 * docs/results.md.
 */
import { labelledEmbeddings } from './labelled-embeddings.ts';
import { machineLine, meanAndSd, mergeColumns, SEEDS, today, writeSection } from './results-page.ts';
import { scoreMethod } from './score-method.ts';

/** What a change does to ACC. */
type Effect = 'better' | 'worse' | 'none';

interface Change {
  readonly title: string;
  readonly set: Readonly<Record<string, unknown>>;
  /** What the paper found, and where; null: it gives no figures. */
  readonly paper: { readonly effect: Effect; readonly figures: string } | null;
}

/** A baseline and what is changed in it, one thing at a time. */
interface Ablation {
  readonly title: string;
  readonly method: string;
  readonly set: Readonly<Record<string, unknown>>;
  readonly changes: readonly Change[];
}

const none = (figures: string): Change['paper'] => ({ effect: 'none', figures });
const worse = (figures: string): Change['paper'] => ({ effect: 'worse', figures });

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
      { title: 'Ñ = 30', set: { centreSize: 30 }, paper: worse('figure 5a: small centres, ImageNet-Dogs') },
      { title: 'Ñ = 1000', set: { centreSize: 1000 }, paper: worse('figure 5a: large centres') },
      { title: 'τ̃ = .0035', set: { temperature: 0.0035 }, paper: worse('figure 5c: below .01') },
      { title: 'τ̃ = .0175', set: { temperature: 0.0175 }, paper: null },
      { title: 'τ̃ = .35', set: { temperature: 0.35 }, paper: worse('figure 5c: above .01') },
      { title: 'centres by Ward', set: { centres: 'agglomerative' }, paper: none(`${CENTRES}81.7`) },
      { title: 'centres by spectral clustering', set: { centres: 'spectral' }, paper: none(`${CENTRES}83.1`) },
      { title: 'centres by DBSCAN', set: { centres: 'dbscan' }, paper: worse(`${CENTRES}80.4`) },
      { title: 'all nouns', set: { centres: 'all-nouns' }, paper: worse(`${CENTRES}78.7`) },
    ],
  },
];

/** Above this many images three seeds are run. */
const MANY = 2500;

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

function verdict(found: Effect, paper: Change['paper']): string {
  if (paper === null) return found;
  if (found === paper.effect) return 'same';
  return found === 'none' || paper.effect === 'none' ? found : 'opposite';
}

const collections = process.argv.slice(2);
if (collections.length === 0) throw new Error('name the collections: tars or folders, or FOLDER=LABELS.csv');
const fresh = new Map<string, Map<string, string>>();
for (const collection of collections) {
  const data = await labelledEmbeddings(collection);
  const cells = new Map<string, string>();
  fresh.set(data.name, cells);
  const put = (change: string, cell: string): void => {
    cells.set(change, cell);
    process.stdout.write(`${data.name}: ${change}: ${cell}\n`);
  };
  for (const { title, method, set, changes } of ABLATIONS) {
    const accOf = async (own: Readonly<Record<string, unknown>>): Promise<number[]> => {
      const seeds = data.truth.length > MANY ? 3 : SEEDS;
      const { scores } = await scoreMethod({ title, method, set: { ...set, ...own } }, data, seeds);
      return scores.map(({ acc }) => acc);
    };
    const base = await accOf({});
    put(`**${title}**`, meanAndSd(base));
    for (const change of changes) {
      const acc = await accOf(change.set);
      put(change.title, `${meanAndSd(acc)} ${verdict(effectOf(base, acc), change.paper)}`);
    }
  }
  data.images[Symbol.dispose]();
}

const CAPTIONS = ['Change', 'the paper'];
const columns = mergeColumns('ablations', CAPTIONS.length, fresh);
const row = (title: string, paper: string): string =>
  `| ${[title, paper, ...[...columns.values()].map((cells) => cells.get(title) ?? '')].join(' | ')} |`;
writeSection(
  'ablations',
  [
    machineLine(),
    `Date: ${today()}. ACC, mean ± standard deviation of seeds 0 to ${SEEDS - 1} (0 to 2 above ${MANY} images). "same", "opposite": the direction beside the paper's; where it gives none, or one side sees no difference, what is seen here: better, worse, or none (less than ${NOTICED} or two standard errors).`,
    '',
    `| ${[...CAPTIONS, ...columns.keys()].join(' | ')} |`,
    `|${' --- |'.repeat(CAPTIONS.length + columns.size)}`,
    ...ABLATIONS.flatMap(({ title, changes }) => [
      row(`**${title}**`, ''),
      ...changes.map(({ title: change, paper }) =>
        row(change, paper === null ? 'no figures' : `${paper.effect}: ${paper.figures}`),
      ),
    ]),
  ].join('\n'),
);
