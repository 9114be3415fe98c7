/**
 * Compares the first 20 steps of MMDC (both networks, and its rotation task) with a PyTorch transcription, from the same weights,
 * batches and views: `node --conditions=muster-source bench/transcriptions/mmdc-steps.ts`, both sides with oneDNN's convolutions;
 * `--default-kernels`: the first 2 steps, ours with those of the machine's choice. Needs the peers' Python environment
 * (bench/make-peers.sh, MUSTER_PEERS). Ends with 1 where a loss differs by more than 1e-3.
 */
import { STEPS } from './stock-convolutions.ts';
import * as torch from '@muster/torch';
import { scope, Tensor } from '@muster/torch';
import { Random, silent } from '../../packages/muster/src/base/index.ts';
import { mmdcEpoch, mmdcOptions, startMmdc } from '../../packages/muster/src/methods/index.ts';
import type { MmdcState } from '../../packages/muster/src/methods/index.ts';
import { channelsFirst, shuffledRows } from '../../packages/muster/src/train/index.ts';
import type { Epoch, StepLoss } from '../../packages/muster/src/train/index.ts';
import { compareLosses } from './compare-losses.ts';
import type { Comparison } from './compare-losses.ts';

const [LIMIT, COUNT, BATCH, GROUPS, SIDE] = [1e-3, 1280, 64, 10, 32] as const;
const context = { seed: 17, device: 'cpu', emit: silent } as const;
const common = { groups: GROUPS, batch: BATCH, width: 16 } as const;
const digits = {
  ...common,
  network: 'vgg',
  rotation: false,
  crop: 24,
  crops: [24, 20, 16],
  turn: 25,
  flip: 0,
} as const;

/** Blobs of light: uint8 [COUNT, SIDE, SIDE, channels]. */
function pictures(channels: number): Tensor {
  const random = new Random(5);
  const values = new Uint8Array(COUNT * SIDE * SIDE * channels);
  for (let image = 0; image < COUNT; image++) {
    const [x, y, size] = [random.below(SIDE), random.below(SIDE), 3 + random.below(8)];
    const colour = Array.from({ length: channels }, () => random.float());
    for (let at = 0; at < SIDE * SIDE; at++) {
      const distance = ((at % SIDE) - x) ** 2 + (Math.floor(at / SIDE) - y) ** 2;
      const light = 220 * Math.exp(-distance / (2 * size ** 2)) + 30 * random.float();
      for (let c = 0; c < channels; c++) values[(image * SIDE * SIDE + at) * channels + c] = light * (colour[c] ?? 0);
    }
  }
  return torch.tensor(values, [COUNT, SIDE, SIDE, channels]);
}

function weightsOf(state: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...state].map(([name, value]) => [`w/${name}`, value.detach().clone({ memoryFormat: 'contiguous' })]);
}

function valueOf(loss: StepLoss): number {
  return (loss instanceof Tensor ? loss : loss['loss'])?.item() ?? Number.NaN;
}

async function lossesOf(epoch: Epoch<Tensor>): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const batch = await epoch.load?.(step);
    if (batch === undefined) throw new Error('an epoch over images loads its batches');
    losses.push(scope(() => valueOf(epoch.step(step, batch))));
    batch.dispose();
  }
  return losses;
}

async function clustering(network: 'vgg' | 'resnet18'): Promise<Comparison> {
  const pixels = pictures(network === 'vgg' ? 1 : 3);
  const options = mmdcOptions.parse(network === 'vgg' ? digits : { ...common, network, rotation: false });
  const state = startMmdc({ pixels }, options, context);
  const batches = shuffledRows(COUNT, BATCH, context.seed, 0, 'clustering').slice(0, STEPS);
  const seen = batches.map((rows) => {
    const index = torch.tensor(BigInt64Array.from(rows, BigInt));
    const images = channelsFirst(pixels.indexSelect(0, index));
    const views = {
      plain: state.views.plain(images),
      augmented: state.views.augmented({ images, rows, ...context, epoch: 0 }, 1),
    };
    return { index, plain: views.plain.contiguous(), augmented: views.augmented.contiguous() };
  });
  const start = new Map([
    ...weightsOf(state.network.module.stateDict()),
    ['targets', state.targets.of(Int32Array.from({ length: COUNT }, (_, row) => row))],
    ['rows', torch.stack(seen.map(({ index }) => index))],
    ['plain', torch.stack(seen.map(({ plain }) => plain))],
    ['augmented', torch.stack(seen.map(({ augmented }) => augmented))],
  ]);
  return { start, losses: await lossesOf(mmdcEpoch(state, 0, false)) };
}

/** The rotation task; the images are caught where they enter the network. */
async function rotations(): Promise<Comparison> {
  const state = startMmdc({ pixels: pictures(3) }, mmdcOptions.parse({ ...common, rotationRate: 0.01 }), context);
  const start = new Map(weightsOf(state.network.module.stateDict()));
  const turned: { readonly values: Float32Array; readonly shape: readonly number[] }[] = [];
  const features = (images: Tensor): Tensor => {
    turned.push({ values: images.toFloat32Array(), shape: images.shape }); // the step's scope frees tensors
    return state.network.features(images);
  };
  const watched: MmdcState = { ...state, network: { ...state.network, features } };
  const losses = await lossesOf(mmdcEpoch(watched, 0, false));
  return {
    start: start.set('turned', torch.stack(turned.map(({ values, shape }) => torch.tensor(values, shape)))),
    losses,
  };
}

const kinds = { vgg: () => clustering('vgg'), resnet: () => clustering('resnet18'), rotations };
process.exitCode = await compareLosses(kinds, { program: 'mmdc_steps.py', steps: STEPS, limit: LIMIT });
