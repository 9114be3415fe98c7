import { noGrad } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import type { Optimizer } from '@muster/torch/optim';
import { Draws } from '../../augment/index.ts';
import type { Transform } from '../../augment/index.ts';
import { selfLabelLoss } from '../../losses/index.ts';
import type { ClusterNetwork } from '../../models/index.ts';
import { descend, fullBatches, imageEpoch, inPrecision, shuffledRows, trainingState } from '../../train/index.ts';
import type { Arithmetic, GroupCounts, StepLoss, Training } from '../../train/index.ts';
import type { AveragedSteps } from './averaged-steps.ts';
import { meanConfidence } from './confidence.ts';

/** What self-labelling is made of. */
export interface SelfLabellingParts {
  readonly fingerprint: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly threshold: number;
  readonly balance: boolean;
  /** uint8 [N, H, W, C] */
  readonly pixels: Tensor;
  readonly network: ClusterNetwork;
  /** The moving average that the network takes after each step; null: none. */
  readonly average: AveragedSteps | null;
  /** Groups of the epoch's plain views. */
  readonly counts: GroupCounts;
  readonly groups: number;
  /** Learning rate of all epochs: the optimiser's. */
  readonly rate: number;
  readonly plain: Transform;
  readonly strong: Transform;
  readonly optimizer: Optimizer;
  readonly arithmetic: Arithmetic;
  /** The setting, for checkpoints. */
  readonly settings: Tensor;
}

/**
 * SCAN's last stage: the strong view of an image shall get the group that its plain view is sure of. Source: SCAN section 2.3; class
 * weights and the network in training mode for both views as in the code.
 */
export function selfLabelling(parts: SelfLabellingParts): Training<Tensor> {
  const { fingerprint, epochs, network, optimizer, settings, pixels, seed, average, counts, groups, rate } = parts;
  const [n = 0] = pixels.shape;
  const batch = Math.min(parts.batch, n);
  return {
    name: 'scan-self-labelling',
    fingerprint,
    epochs,
    groups,
    figures: () => counts.figures(),
    state: () => trainingState([network.stateDict()], optimizer).set('settings', settings),
    begin: (epoch, resumed) => {
      network.train();
      average?.begin();
      if (!resumed) counts.reset();
      return imageEpoch({
        pixels,
        batches: fullBatches(shuffledRows(n, batch, seed, epoch, 'self-labelling'), batch),
        step: (images, rows) => selfLabellingStep(parts, images, { epoch, rows }),
      });
    },
    report: () => ({ rate, usedGroups: counts.used }),
  };
}

function selfLabellingStep(
  { network, plain, strong, optimizer, arithmetic, seed, threshold, balance, average, counts }: SelfLabellingParts,
  images: Tensor,
  { epoch, rows }: { epoch: number; rows: Int32Array },
): StepLoss {
  const draws = new Draws({ seed, epoch, view: 0, rows });
  const moved = images.to({ device: arithmetic.device });
  const logits = (view: Transform): Tensor =>
    inPrecision(arithmetic, () => network.forward(view(moved, draws))).to('float32');
  const weak = noGrad(() => logits(plain));
  const { loss, mask } = selfLabelLoss(weak, logits(strong), { threshold, balance });
  const sure = mask.to('float32').mean();
  // Where no image is sure there is no gradient, but Adam's weight decay alone would move the weights by the full rate.
  if (mask.any().item() === 1) descend(optimizer, loss);
  average?.afterStep();
  counts.add(weak);
  return { loss, sure, confidence: meanConfidence(weak) };
}
