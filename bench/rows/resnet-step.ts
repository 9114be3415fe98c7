import { ResNet } from '../../packages/muster/src/models/index.ts';
import { fromPeer, weightsFromPeer } from '../compare.ts';
import type { Goals, Row } from '../row.ts';
import { trainingWork } from '../training.ts';

function row(dtype: 'float32' | 'bfloat16', goals: Goals, tolerance: number): Row {
  return {
    name: `resnet18-step-${dtype}`,
    work: `ResNet-18 training step (32 px, batch 64, channels-last): forward, backward, Adam; ${dtype}`,
    goals,
    peer: { title: `PyTorch eager, channels-last, ${dtype}`, program: 'resnet_step.py', arguments: [dtype] },
    needsBf16: dtype === 'bfloat16',
    prepare: (context) => {
      const network = new ResNet({ depth: 18, stem: 'cifar', classes: 10 });
      network.loadStateDict(weightsFromPeer(context));
      network.to({ memoryFormat: 'channelsLast' });
      const x = fromPeer(context, 'x').contiguous({ memoryFormat: 'channelsLast' });
      return trainingWork(context, { network, x, dtype, tolerance });
    },
  };
}

/** A convolutional network's training step. */
export const resnetStepRows: readonly Row[] = [
  row('float32', { amd26: 0.95, amd25: 0.92, intel: 0.95 }, 1e-3),
  row('bfloat16', { amd26: 0.95, amd25: 0.95, intel: 0.95 }, 3e-2),
];
