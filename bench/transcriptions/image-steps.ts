/**
 * Compares the first 20 steps of SimCLR and of RotNet with plain PyTorch, from the same weights, batches and parameters of the views:
 * `node --conditions=muster-source bench/transcriptions/image-steps.ts [simclr] [rotnet]`, both sides with oneDNN's convolutions;
 * `--default-kernels`: the first 2 steps, ours with those of the machine's choice. Needs the peers' Python environment (bench/make-peers.sh,
 * MUSTER_PEERS). Ends with 1 where a loss differs by more than 1e-3.
 */
import { STEPS } from './stock-convolutions.ts';
import * as torch from '@muster/torch';
import { generator, scope, Tensor } from '@muster/torch';
import type { Module } from '@muster/torch/nn';
import { SGD } from '@muster/torch/optim';
import { Draws, quarterTurns } from '../../packages/muster/src/augment/index.ts';
import {
  completeSimClrOptions,
  completeRotNet,
  rotNetOptions,
  rotNetTraining,
  rotNetView,
  rotNetwork,
  simClrNetwork,
  simClrOptions,
  simClrTraining,
} from '../../packages/muster/src/pretraining/index.ts';
import {
  channelsFirst,
  contrastiveView,
  gatherPixels,
  settingsTensor,
  shuffledRows,
} from '../../packages/muster/src/train/index.ts';
import type { Training } from '../../packages/muster/src/train/index.ts';
import { compareLosses } from './compare-losses.ts';
import type { Comparison } from './compare-losses.ts';

const LIMIT = 1e-3;
const [IMAGES, BATCH, SIDE] = [96, 32, 16] as const;
/** Low enough that the last digits, which threads and kernels decide, do not grow to the second within the steps. */
const RATE = 0.005;
const seed = 17;
const context = { seed, device: 'cpu' } as const;

/** Coloured blocks with noise: uint8 [IMAGES, SIDE, SIDE, 3]. */
function pictures(): Tensor {
  return scope(() => {
    using random = generator(seed);
    const draw = { generator: random, dtype: 'float32' } as const;
    const blocks = torch.rand([IMAGES, SIDE / 8, SIDE / 8, 3], draw);
    const large = blocks.repeatInterleave(8, 1).repeatInterleave(8, 2);
    const noise = torch.rand([IMAGES, SIDE, SIDE, 3], draw);
    return large.mul(0.8).add(noise.mul(0.2)).mul(255).to('uint8');
  });
}

async function lossesOf(training: Training<Tensor>): Promise<number[]> {
  const losses: number[] = [];
  for (let epoch = 0; losses.length < STEPS; epoch++) {
    const run = await training.begin(epoch, false);
    for (let step = 0; step < run.steps && losses.length < STEPS; step++) {
      const batch = await run.load?.(step);
      if (batch === undefined) throw new Error('an epoch over images loads its batches');
      losses.push(scope(() => whole(run.step(step, batch)).item()));
      batch.dispose();
    }
  }
  return losses;
}

function whole(loss: ReturnType<Awaited<ReturnType<Training['begin']>>['step']>): Tensor {
  const value = loss instanceof Tensor ? loss : loss['loss'];
  if (value === undefined) throw new Error('a step gives a loss');
  return value;
}

/** What the network sees in each step, by the same rows and draws as in the training. */
async function inputsOf(
  pixels: Tensor,
  stream: string,
  view: (images: Tensor, epoch: number, rows: Int32Array) => Tensor,
): Promise<[string, Tensor][]> {
  const inputs: [string, Tensor][] = [];
  for (let epoch = 0; inputs.length < STEPS; epoch++) {
    for (const rows of shuffledRows(IMAGES, BATCH, seed, epoch, stream)) {
      using batch = await gatherPixels(pixels, rows);
      inputs.push([`inputs.${inputs.length}`, scope(() => view(channelsFirst(batch), epoch, rows).contiguous())]);
    }
  }
  return inputs.slice(0, STEPS);
}

function weightsOf(network: Module): [string, Tensor][] {
  return [...network.stateDict()].map(([name, value]) => [`network.${name}`, value.detach().clone()]);
}

async function simClr(): Promise<Comparison> {
  const data = { pixels: pictures() };
  const options = completeSimClrOptions(simClrOptions.parse({ batch: BATCH, rate: RATE }), data);
  const network = simClrNetwork(options, 3, seed, 'cpu');
  const view = contrastiveView(options);
  const inputs = await inputsOf(data.pixels, 'two-views', (images, epoch, rows) =>
    torch.cat([0, 1].map((number) => view(images, new Draws({ seed, epoch, view: number, rows })))),
  );
  const start = new Map([...weightsOf(network), ...inputs]);
  const { rate, momentum, weightDecay, temperature } = options;
  const optimizer = new SGD(network.parameters(), { lr: rate, momentum, weightDecay });
  const settings = settingsTensor(options);
  const training = simClrTraining({ data, options, context, fingerprint: '', network, optimizer, settings });
  const stepsAnEpoch = IMAGES / BATCH;
  return {
    start,
    settings: { rate, momentum, weightDecay, temperature, epochs: options.epochs, stepsAnEpoch },
    losses: await lossesOf(training),
  };
}

async function rotNet(): Promise<Comparison> {
  const data = { pixels: pictures() };
  const options = completeRotNet(rotNetOptions.parse({ batch: BATCH, rate: RATE, size: SIDE, crop: 12 }), {
    height: SIDE,
    width: SIDE,
  });
  using random = generator(seed);
  const network = rotNetwork(options, 3, random, 'cpu');
  const view = rotNetView(options);
  const inputs = await inputsOf(data.pixels, 'rotation', (images, epoch, rows) => {
    const own = Int32Array.from({ length: 4 * rows.length }, (_, at) => 4 * (rows[at >> 2] ?? 0) + (at & 3));
    return view(quarterTurns(images).images, new Draws({ seed, epoch, view: 2, rows: own }));
  });
  const start = new Map([...weightsOf(network), ...inputs]);
  const { rate, momentum, weightDecay } = options;
  const optimizer = new SGD(network.parameters(), { lr: rate, momentum, nesterov: true, weightDecay });
  const training = rotNetTraining({ data, options, context, fingerprint: '', network, optimizer });
  return { start, settings: { rate, momentum, weightDecay }, losses: await lossesOf(training) };
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const all = Object.entries({ simclr: simClr, rotnet: rotNet });
const chosen = Object.fromEntries(all.filter(([name]) => wanted.length === 0 || wanted.includes(name)));
process.exitCode = await compareLosses(chosen, { program: 'image_steps.py', steps: STEPS, limit: LIMIT });
