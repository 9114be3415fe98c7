/** Rows of the bench: TAC whole and in parts, and TSP's head, beside plain PyTorch transcriptions of the same formulas. */
import { generator, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { Adam } from '@muster/torch/optim';
import { silent } from '../../packages/muster/src/base/index.ts';
import { unitRows } from '../../packages/muster/src/losses/index.ts';
import { acc } from '../../packages/muster/src/metrics/index.ts';
import {
  findEmbeddingMethod,
  findTacCentres,
  headOfCentres,
  retrieveCounterparts,
  selectNouns,
  tacOptions,
  trainTacHeads,
  tspTraining,
} from '../../packages/muster/src/methods/index.ts';
import type { MethodContext, NeighbourLists } from '../../packages/muster/src/methods/index.ts';
import { ClusterHeads, train } from '../../packages/muster/src/train/index.ts';
import { nearestNeighbours } from '../../packages/muster/src/cluster/index.ts';
import { fromPeer, leastCosine } from '../compare.ts';
import type { Check, Context, Row, Work } from '../row.ts';

const GOALS = { amd26: 0.5, amd25: 0.5, intel: 0.5 } as const;
const SECONDS = { name: 's', perMs: 0.001 } as const;
const [GROUPS, NEIGHBOURS, TAU] = [10, 50, 0.02] as const;
const context: MethodContext = { seed: 1, device: 'cpu', emit: silent };
const options = tacOptions.parse({ groups: GROUPS, centreRestarts: 3, temperature: TAU });

/** Share of rows on the planted groups. */
function found(labels: ArrayLike<number>, truth: Tensor): Check {
  return { name: 'accuracy on the planted groups', value: acc(truth.toNumbers(), labels), limit: 0.9, isFloor: true };
}

async function wholeTac(peer: Context): Promise<Work> {
  const nouns = fromPeer(peer, 'nouns');
  const words = Array.from({ length: nouns.shape[0] ?? 0 }, (_, i) => `noun ${i}`);
  const data = { embeddings: fromPeer(peer, 'x'), text: { nouns, words, centreImages: false, temperature: TAU } };
  const fit = async (epochs: number): Promise<Int32Array> => {
    const fitted = await findEmbeddingMethod('tac').fit(
      data,
      { groups: GROUPS, centreRestarts: 3, temperature: TAU, epochs },
      context,
    );
    fitted.dispose();
    return fitted.own.labels;
  };
  return { checks: [found(await fit(20), fromPeer(peer, 'truth'))], run: async () => void (await fit(20)) };
}

/** One part of TAC on its own, and how its result compares with the peer's. */
const parts = {
  /** Both look for centres from their own starts: what counts is how near the images come to them. */
  centres(peer: Context): Work {
    const images = unitRows(fromPeer(peer, 'x'));
    const find = (): Tensor => findTacCentres(images, options, context);
    const closeness = scope(() => images.mm(find().t()).amax([1]).mean().item());
    const theirs = fromPeer(peer, 'closeness').item();
    const check = { name: "cosine to the nearest centre, as a share of the peer's", value: closeness / theirs };
    return { checks: [{ ...check, limit: 0.99, isFloor: true }], run: () => find().dispose() };
  },

  nouns(peer: Context): Work {
    const images = unitRows(fromPeer(peer, 'x'));
    const nouns = fromPeer(peer, 'nouns');
    const centres = images.narrow(0, 0, Math.floor((images.shape[0] ?? 0) / 300));
    const run = (): Tensor =>
      scope(() => {
        const { selected } = selectNouns(nouns, centres, options);
        return retrieveCounterparts(images, nouns.indexSelect(0, selected), { tau: TAU });
      });
    const checks = scope(() => [leastCosine('counterparts', run(), fromPeer(peer, 'texts'), 0.999)]);
    return { checks, run: () => run().dispose() };
  },

  neighbours(peer: Context): Work {
    const spaces = [unitRows(fromPeer(peer, 'x')), fromPeer(peer, 'texts')];
    const find = (rows: Tensor): Tensor => nearestNeighbours(rows, { k: NEIGHBOURS }).indices;
    const value = scope(() => {
      const theirs = fromPeer(peer, 'near');
      const [ours] = spaces.slice(0, 1).map((rows) => find(rows).narrow(0, 0, theirs.shape[0] ?? 0));
      return ours === undefined ? NaN : ours.unsqueeze(2).eq(theirs.unsqueeze(1)).sum().item() / theirs.numel;
    });
    const run = (): void => {
      for (const rows of spaces) scope(() => find(rows));
    };
    return { checks: [{ name: 'share of equal neighbours', value, limit: 0.999, isFloor: true }], run };
  },

  async training(peer: Context): Promise<Work> {
    const images = unitRows(fromPeer(peer, 'x'));
    const counterparts = fromPeer(peer, 'texts');
    const lists = (name: string): NeighbourLists => ({ indices: fromPeer(peer, name), centred: false });
    const [known, knownTexts] = [lists('imageNeighbours'), lists('textNeighbours')];
    const run = async (settings = options): Promise<number[]> => {
      const pair = { images, counterparts, known, knownTexts, fingerprint: '' };
      const { head } = await trainTacHeads(pair, settings, context);
      head.eval();
      const labels = noGrad(() => scope(() => head.probabilities(images).argmax(1).toNumbers()));
      head.dispose();
      return labels;
    };
    const checks = [found(await run({ ...options, epochs: 2 }), fromPeer(peer, 'truth'))];
    return { checks, run: async () => void (await run()) };
  },
} as const;

function tacRow(part: 'all' | keyof typeof parts, work: string): Row {
  return {
    name: part === 'all' ? 'tac' : `tac-${part}`,
    work,
    goals: GOALS,
    peer: { title: 'PyTorch, the formulas', program: '../transcriptions/tac.py', arguments: [part] },
    rounds: 1,
    runs: 1,
    unit: SECONDS,
    prepare: (peer) => (part === 'all' ? wholeTac(peer) : parts[part](peer)),
  };
}

/** TSP's head: the training alone, neighbours and weights being given. */
const tspRow: Row = {
  name: 'tsp',
  work: "TSP's head, 50,000 x 384, 10 groups, 100 epochs",
  goals: GOALS,
  peer: { title: 'PyTorch, the formulas', program: '../transcriptions/tsp.py' },
  rounds: 1,
  runs: 1,
  unit: SECONDS,
  prepare: async (peer) => {
    const x = fromPeer(peer, 'x');
    const [neighbours, weights, centres] = [
      fromPeer(peer, 'neighbours'),
      fromPeer(peer, 'weights'),
      fromPeer(peer, 'centres'),
    ];
    const fit = async (epochs: number): Promise<number[]> => {
      using random = generator(1);
      using heads = new ClusterHeads({ dim: x.shape[1] ?? 0, clusters: GROUPS, generator: random });
      noGrad(() => scope(() => void heads.weight.copy_(headOfCentres(centres))));
      noGrad(() => void heads.bias?.zero_());
      using optimizer = new Adam(heads.parameters(), { lr: 1e-4 });
      const shared = { fingerprint: '', seed: 1, batch: 256, x, neighbours, weights, heads, optimizer };
      await train(tspTraining({ ...shared, epochs, pairs: 'sampled', lambda: 3 }), context);
      return noGrad(() => scope(() => heads.forward(x).select(0, 0).argmax(1).toNumbers()));
    };
    return { checks: [found(await fit(2), fromPeer(peer, 'truth'))], run: async () => void (await fit(100)) };
  },
};

/** TAC and its parts, and TSP. */
export const headRows: readonly Row[] = [
  tacRow('all', 'TAC trained, 50,000 x 512, 10 groups, 8,000 nouns, 20 epochs'),
  tacRow('centres', 'its semantic centres: k-means, 167 centres, 3 starts'),
  tacRow('nouns', 'its nouns: 8,000 classified, counterparts retrieved'),
  tacRow('neighbours', 'its neighbours: exact 50 nearest in both spaces'),
  tacRow('training', 'its two heads: 20 epochs, given neighbours'),
  tspRow,
];
