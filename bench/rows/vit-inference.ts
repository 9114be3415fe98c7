import { noGrad, scope } from '@muster/torch';
import { VisionTransformer } from '../../packages/muster/src/models/index.ts';
import { fromPeer, relativeDifference, weightsFromPeer } from '../compare.ts';
import type { Goals, Row } from '../row.ts';

function row(dtype: 'float32' | 'bfloat16', goals: Goals, tolerance: number): Row {
  return {
    name: `vit-s16-${dtype}`,
    work: `ViT-S/16 inference, 224 px, batch 16, ${dtype}`,
    goals,
    peer: { title: `PyTorch eager, ${dtype}`, program: 'vit_inference.py', arguments: [dtype] },
    needsBf16: dtype === 'bfloat16',
    prepare: (context) => {
      const network = new VisionTransformer({ grid: 14, patch: 16, dim: 384, depth: 12, heads: 6, classes: 1000 });
      network.loadStateDict(weightsFromPeer(context));
      network.eval();
      network.to({ dtype });
      const x = fromPeer(context, 'x').to(dtype);
      const forward = () => noGrad(() => network.forward(x));
      const check = relativeDifference(
        'largest difference of logits over their sd',
        forward(),
        fromPeer(context, 'logits'),
        tolerance,
      );
      return { checks: [check], run: () => scope(() => void forward()) };
    },
  };
}

/** A vision transformer without training. */
export const vitInferenceRows: readonly Row[] = [
  row('float32', { amd26: 0.6, amd25: 0.9, intel: 0.95 }, 1e-3),
  row('bfloat16', { amd26: 0.9, amd25: 0.9, intel: 0.95 }, 0.2),
];
