import { autocast, noGrad, scope } from '@muster/torch';
import type { DType, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import type { Module } from '@muster/torch/nn';
import { Adam } from '@muster/torch/optim';
import { fromPeer, relativeListDifference } from './compare.ts';
import type { Context, Work } from './row.ts';

/** What a training row trains. */
export interface TrainingOptions {
  readonly network: Module & { forward(x: Tensor): Tensor };
  readonly x: Tensor;
  /** bfloat16: under autocast. */
  readonly dtype: 'float32' | 'bfloat16';
  /** Largest relative difference of the first losses from the peer's. */
  readonly tolerance: number;
}

/** A step of forward, backward and Adam, as the peers' training.py does it; the first losses are compared. */
export function trainingWork(context: Context, options: TrainingOptions): Work {
  const { network, x, dtype, tolerance } = options;
  const y = fromPeer(context, 'y');
  network.train();
  const optimiser = new Adam(network.parameters(), { lr: 1e-3 });
  const castTo: DType | null = dtype === 'bfloat16' ? 'bfloat16' : null;
  const step = () =>
    scope(() => {
      const loss = autocast(castTo, () => torch.crossEntropyLoss(network.forward(x), y));
      optimiser.zeroGrad();
      loss.backward();
      noGrad(() => optimiser.step());
      return loss.item();
    });
  const expected = fromPeer(context, 'losses').toNumbers();
  const losses = expected.map(step);
  return {
    checks: [relativeListDifference('losses of the first steps', losses, expected, tolerance)],
    run: () => void step(),
  };
}
