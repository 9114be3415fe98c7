/**
 * Compares the first 200 steps of TSP's head and of TAC's heads with a PyTorch transcription of the formulas, from the same start,
 * batches and neighbours: `node --conditions=muster-source bench/transcriptions/first-steps.ts`. Needs the peers' Python environment
 * (bench/make-peers.sh, MUSTER_PEERS). Ends with 1 where a loss differs by more than 1e-4.
 */
import * as torch from '@muster/torch';
import { generator, scope, Tensor } from '@muster/torch';
import { Adam } from '@muster/torch/optim';
import { nearestNeighbours } from '../../packages/muster/src/cluster/index.ts';
import { unitRows } from '../../packages/muster/src/losses/index.ts';
import {
  drawTacPlan,
  gaussianWeights,
  headOfCentres,
  retrieveCounterparts,
  tacTraining,
  tspTraining,
} from '../../packages/muster/src/methods/index.ts';
import { ClusterHeads, drawPairs, TacHead } from '../../packages/muster/src/train/index.ts';
import type { StepLoss, Training } from '../../packages/muster/src/train/index.ts';
import { compareLosses } from './compare-losses.ts';
import type { Comparison } from './compare-losses.ts';

const STEPS = 200;
const LIMIT = 1e-4;
const [ROWS, WIDTH, GROUPS] = [3000, 64, 10] as const;
const seed = 17;

/** Overlapping groups: [n, WIDTH] around given directions. */
function groups(n: number, directions: Tensor, random: torch.Generator): Tensor {
  const draw = { generator: random, dtype: 'float32' } as const;
  const labels = torch.randint(0, GROUPS, [n], { generator: random, dtype: 'int64' });
  return directions.indexSelect(0, labels).add(torch.randn([n, WIDTH], draw), { alpha: 0.7 });
}

function lossesOf(training: Training, stepsAnEpoch: number): number[] {
  const losses: number[] = [];
  for (let epoch = 0; losses.length < STEPS; epoch++) {
    const run = training.begin(epoch, false);
    if (run instanceof Promise) throw new Error('an epoch of heads begins at once');
    for (let step = 0; step < stepsAnEpoch && losses.length < STEPS; step++)
      losses.push(scope(() => valueOf(run.step(step, undefined))));
  }
  return losses;
}

function valueOf(loss: StepLoss): number {
  const value = loss instanceof Tensor ? loss : loss['loss'];
  return value?.item() ?? Number.NaN;
}

/** The first rows of the epochs' plans. */
function stepsOf(plan: (epoch: number) => Tensor): Tensor {
  const first = plan(0);
  const epochs = Math.ceil(STEPS / (first.shape[0] ?? 1));
  return torch.cat(Array.from({ length: epochs }, (_, epoch) => plan(epoch))).narrow(0, 0, STEPS);
}

function copied(prefix: string, state: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...state].map(([name, value]) => [`${prefix}.${name}`, value.detach().clone()]);
}

function tsp(): Comparison {
  const random = generator(seed);
  const directions = torch.randn([GROUPS, WIDTH], { generator: random, dtype: 'float32' });
  const x = groups(ROWS, directions, random);
  const { indices: neighbours } = nearestNeighbours(x, { k: 20 });
  const { weights } = gaussianWeights(unitRows(x), neighbours);
  const heads = new ClusterHeads({ dim: WIDTH, clusters: GROUPS, generator: random });
  torch.noGrad(() => {
    heads.weight.copy_(headOfCentres(directions));
    heads.bias?.zero_();
  });
  const settings = { rate: 1e-3, lambda: 3 };
  const options = { seed, epochs: STEPS, batch: 256, x, neighbours, weights, heads, pairs: 'sampled' } as const;
  const plan = stepsOf((epoch) => drawPairs(options, epoch));
  const start = new Map([['x', x], ['plan', plan], ...copied('head', heads.stateDict())]);
  const optimizer = new Adam(heads.parameters(), { lr: settings.rate });
  const training = tspTraining({ ...options, fingerprint: '', optimizer, lambda: settings.lambda });
  return { start, settings, losses: lossesOf(training, Math.floor(ROWS / 256)) };
}

function tac(): Comparison {
  const random = generator(seed);
  const directions = torch.randn([GROUPS, WIDTH], { generator: random, dtype: 'float32' });
  const images = unitRows(groups(ROWS, directions, random));
  const nouns = unitRows(groups(200, directions, random));
  const counterparts = retrieveCounterparts(images, nouns, { tau: 0.05 });
  const imageHead = new TacHead(WIDTH, 64, GROUPS, random);
  const textHead = new TacHead(WIDTH, 64, GROUPS, random);
  const settings = { rate: 1e-3, temperature: 0.5, alpha: 5 };
  const start = new Map([
    ['images', images],
    ['texts', counterparts],
    ...copied('image', imageHead.stateDict()),
    ...copied('text', textHead.stateDict()),
  ]);
  const optimizer = new Adam([...imageHead.parameters(), ...textHead.parameters()], {
    lr: settings.rate,
    betas: [0.9, 0.99],
  });
  const options = {
    fingerprint: '',
    seed,
    epochs: STEPS,
    batch: 256,
    images,
    counterparts,
    imageNeighbours: nearestNeighbours(images, { k: 50 }).indices,
    textNeighbours: nearestNeighbours(counterparts, { k: 50 }).indices,
    imageHead,
    textHead,
    optimizer,
    loss: { temperature: settings.temperature, alpha: settings.alpha, form: 'code' },
  } as const;
  start.set(
    'imagePlan',
    stepsOf((epoch) => drawTacPlan(options, epoch).images),
  );
  start.set(
    'textPlan',
    stepsOf((epoch) => drawTacPlan(options, epoch).texts),
  );
  return { start, settings, losses: lossesOf(tacTraining(options), Math.floor(ROWS / 256)) };
}

process.exitCode = await compareLosses({ tsp, tac }, { program: 'first_steps.py', steps: STEPS, limit: LIMIT });
