import { VisionTransformer } from '../../packages/muster/src/models/index.ts';
import { fromPeer, weightsFromPeer } from '../compare.ts';
import type { Goals, Row } from '../row.ts';
import { trainingWork } from '../training.ts';

function row(dtype: 'float32' | 'bfloat16', goals: Goals, tolerance: number): Row {
  return {
    name: `vit-step-${dtype}`,
    work: `ViT training step (8 blocks, 288 wide, 64 tokens, batch 64): forward, backward, Adam; ${dtype}`,
    goals,
    peer: { title: `PyTorch eager, ${dtype}`, program: 'vit_step.py', arguments: [dtype] },
    needsBf16: dtype === 'bfloat16',
    prepare: (context) => {
      const shape = { grid: 8, patch: 4, dim: 288, depth: 8, heads: 12, classes: 10 };
      const network = new VisionTransformer({ ...shape, classToken: false });
      network.loadStateDict(weightsFromPeer(context));
      return trainingWork(context, { network, x: fromPeer(context, 'x'), dtype, tolerance });
    },
  };
}

/** A transformer's training step, mostly matrix products. */
export const vitStepRows: readonly Row[] = [
  row('float32', { amd26: 0.6, amd25: 0.82, intel: 0.95 }, 1e-3),
  row('bfloat16', { amd26: 0.95, amd25: 0.97, intel: 0.97 }, 2e-2),
];
