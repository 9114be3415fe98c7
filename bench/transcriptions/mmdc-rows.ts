/** Rows of the bench: epochs of MMDC beside the papers' way in Python. */
import { scope } from '@muster/torch';
import { silent } from '../../packages/muster/src/base/index.ts';
import { mmdcEpoch, mmdcOptions, startMmdc } from '../../packages/muster/src/methods/index.ts';
import type { MmdcState } from '../../packages/muster/src/methods/index.ts';
import { train } from '../../packages/muster/src/train/index.ts';
import { fromPeer } from '../compare.ts';
import type { Row } from '../row.ts';

const GOALS = { amd26: 0.5, amd25: 0.5, intel: 0.5 } as const;
/** Images of the epoch whose loss is compared; as in mmdc.py. */
const CHECKED = 1280;
/** Largest relative difference of that loss: batches and views are drawn on both sides. */
const TOLERANCE = 0.15;

const digits = {
  ...{ network: 'vgg', rotation: false, crop: 24, crops: [24, 20, 16], turn: 25, flip: 0 },
} as const;

/** One epoch; gives its mean loss of the clustering. */
async function epochOf(state: MmdcState): Promise<number> {
  let loss = Number.NaN;
  const training = {
    name: 'mmdc',
    fingerprint: '',
    epochs: 1,
    state: () => state.tensors(),
    begin: (epoch: number) => mmdcEpoch(state, epoch, false),
  };
  await train(training, { seed: 1, emit: ({ values }) => void (loss = values?.['clustering'] ?? loss) });
  return loss;
}

function row(kind: 'digits' | 'photographs', count: number, name: string, work: string): Row {
  const options = mmdcOptions.parse({ groups: 10, ...(kind === 'digits' ? digits : {}) });
  const context = { seed: 1, device: 'cpu', emit: silent } as const;
  return {
    name,
    work,
    goals: GOALS,
    peer: {
      title: 'torchvision on PIL images in worker processes, PyTorch eager',
      program: '../transcriptions/mmdc.py',
      arguments: [kind, String(count)],
    },
    rounds: 1,
    runs: 1,
    unit: { name: 's', perMs: 1000 },
    prepare: async (peer) => {
      const pixels = fromPeer(peer, 'pixels');
      using few = startMmdc({ pixels: scope(() => pixels.narrow(0, 0, CHECKED).clone()) }, options, context);
      const expected = fromPeer(peer, 'loss').item();
      const value = Math.abs((await epochOf(few)) - expected) / expected;
      const state = startMmdc({ pixels }, options, context);
      return {
        checks: [{ name: 'loss of an epoch over the first images', value, limit: TOLERANCE }],
        run: async () => void (await epochOf(state)),
      };
    },
  };
}

/**
 * An epoch of MMDC on all of MNIST, and one on a part of CIFAR-10: a whole one takes most of an hour on each side. All that an epoch does, it does
 * batch by batch (views, assignment, steps), so that the ratio is that of a whole one.
 */
export const mmdcRows: readonly Row[] = [
  row('digits', 70_000, 'mmdc-epoch-mnist', 'an epoch of MMDC on 70,000 digits of 28 px, batch 128, small VGG'),
  row(
    'photographs',
    2560,
    'mmdc-epoch-cifar10',
    'an epoch of MMDC on 2,560 photographs of 32 px, batch 128, ResNet-18, with rotations; they stand for 60,000: time is linear in images',
  ),
];
