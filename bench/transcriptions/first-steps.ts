/**
 * Compares the first 200 steps of TSP's head and of TAC's heads with a PyTorch transcription of the formulas, from the same start,
 * batches and neighbours: `node --conditions=muster-source bench/transcriptions/first-steps.ts`. Needs the peers' Python environment
 * (bench/make-peers.sh, MUSTER_PEERS). Ends with 1 where a loss differs by more than 1e-4.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as torch from '@muster/torch';
import { generator, scope, setThreads, Tensor } from '@muster/torch';
import { readSafetensors, writeSafetensors } from '@muster/torch/io';
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

const STEPS = 200;
const LIMIT = 1e-4;
const [ROWS, WIDTH, GROUPS] = [3000, 64, 10] as const;
const seed = 17;

/** What one side starts from, and the losses of the other. */
interface Comparison {
  readonly start: ReadonlyMap<string, Tensor>;
  readonly settings: Readonly<Record<string, number>>;
  readonly losses: readonly number[];
}

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

/** The transcription's losses from the same start. */
function transcribed(method: string, { start, settings }: Comparison, python: string): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'muster-steps-'));
  try {
    writeSafetensors(join(folder, 'start.safetensors'), start, { settings: JSON.stringify(settings) });
    const program = fileURLToPath(new URL('first_steps.py', import.meta.url));
    const { status, stderr } = spawnSync(python, [program, method, folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the transcription of ${method} failed: ${stderr.trim()}`);
    return readSafetensors(join(folder, 'losses.safetensors')).get('losses')?.toNumbers() ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main(): number {
  setThreads(1);
  const python = join(process.env['MUSTER_PEERS'] ?? join(homedir(), '.cache', 'muster', 'peers'), 'bin', 'python');
  if (!existsSync(python)) {
    process.stdout.write('skipped: no Python environment of the peers (bash bench/make-peers.sh)\n');
    return 0;
  }
  let worst = 0;
  for (const [method, make] of Object.entries({ tsp, tac })) {
    const ours = make();
    const theirs = transcribed(method, ours, python);
    const differences = theirs.map((loss, step) => Math.abs(loss - (ours.losses[step] ?? NaN)));
    const largest = theirs.length === STEPS ? Math.max(...differences) : NaN;
    const [first = NaN, last = NaN] = [ours.losses[0], ours.losses.at(-1)];
    const range = `loss from ${first.toFixed(4)} to ${last.toFixed(4)}`;
    process.stdout.write(
      `${method}: ${theirs.length} steps, ${range}, largest difference ${largest.toExponential(1)}\n`,
    );
    worst = Number.isNaN(largest) ? Infinity : Math.max(worst, largest);
  }
  return worst <= LIMIT ? 0 : 1;
}

process.exitCode = main();
