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
import { fromPeer } from '../compare.ts';
import type { Check, Context, Row, Work } from '../row.ts';

const GOALS = { amd26: 0.5, amd25: 0.5, intel: 0.5 } as const;
const SECONDS = { name: 's', perMs: 1000 } as const;
const [GROUPS, NEIGHBOURS, TAU] = [10, 50, 0.02] as const;
const context: MethodContext = { seed: 1, device: 'cpu', emit: silent };
const options = tacOptions.parse({ groups: GROUPS, centreRestarts: 3, temperature: TAU });

type Run = () => void | Promise<void>;

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

/** One part of TAC on its own. */
function partOfTac(peer: Context, part: 'centres' | 'nouns' | 'neighbours' | 'training'): Run {
  const images = unitRows(fromPeer(peer, 'x'));
  if (part === 'centres') return () => scope(() => void findTacCentres(images, options, context));
  const counterparts = fromPeer(peer, 'texts');
  if (part === 'neighbours') {
    return () => {
      for (const rows of [images, counterparts]) scope(() => nearestNeighbours(rows, { k: NEIGHBOURS }));
    };
  }
  if (part === 'nouns') {
    const nouns = fromPeer(peer, 'nouns');
    const centres = images.narrow(0, 0, Math.round((images.shape[0] ?? 0) / 300));
    return () =>
      scope(() => {
        const { selected } = selectNouns(nouns, centres, options);
        retrieveCounterparts(images, nouns.indexSelect(0, selected), { tau: TAU });
      });
  }
  const lists = (name: string): NeighbourLists => ({ indices: fromPeer(peer, name), centred: false });
  const known = lists('imageNeighbours');
  const knownTexts = lists('textNeighbours');
  return async () => {
    const { head } = await trainTacHeads(
      { images, counterparts, known, knownTexts, fingerprint: '' },
      options,
      context,
    );
    head.dispose();
  };
}

function tacRow(part: 'all' | 'centres' | 'nouns' | 'neighbours' | 'training', work: string): Row {
  return {
    name: part === 'all' ? 'tac' : `tac-${part}`,
    work,
    goals: GOALS,
    peer: { title: 'PyTorch, the formulas', program: '../transcriptions/tac.py', arguments: [part] },
    rounds: 1,
    runs: 1,
    unit: SECONDS,
    prepare: (peer) => (part === 'all' ? wholeTac(peer) : { checks: [], run: partOfTac(peer, part) }),
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
