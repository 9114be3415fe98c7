import type { Tensor } from '@muster/torch';
import type { Optimizer } from '@muster/torch/optim';
import { scope } from '@muster/torch';
import { Draws } from '../../augment/index.ts';
import type { Transform } from '../../augment/index.ts';
import { scanLoss } from '../../losses/index.ts';
import type { ClusterNetwork } from '../../models/index.ts';
import { descend, drawPairs, imageEpoch, inPrecision, trainingState } from '../../train/index.ts';
import type { Arithmetic, GroupCounts, StepLoss, Training } from '../../train/index.ts';
import type { BestState } from './best-state.ts';
import { meanConfidence } from './confidence.ts';

/** What the clustering step is made of. */
export interface ClusteringParts {
  readonly fingerprint: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly entropyWeight: number;
  /** uint8 [N, H, W, C] */
  readonly pixels: Tensor;
  /** int64 [N, k], the image itself among them. */
  readonly neighbours: Tensor;
  /** [N, k] probability that each is drawn. */
  readonly weights: Tensor;
  readonly network: ClusterNetwork;
  /** Groups of the epoch's anchors. */
  readonly counts: GroupCounts;
  readonly groups: number;
  /** Learning rate of all epochs: the optimiser's. */
  readonly rate: number;
  readonly strong: Transform;
  readonly optimizer: Optimizer;
  readonly arithmetic: Arithmetic;
  /** The setting, for checkpoints. */
  readonly settings: Tensor;
  /** Keeps the best epoch; null: the last one is kept. */
  readonly best: BestState | null;
}

/**
 * SCAN's clustering step: an image and a neighbour of it, both strongly augmented, shall be in the same group, and all groups be used.
 * Backbone and head are trained together. Source: SCAN section 2.2, eq. 2.
 */
export function clusteringTraining(parts: ClusteringParts): Training<Tensor> {
  const { fingerprint, epochs, network, optimizer, settings, best, pixels, counts, groups, rate } = parts;
  return {
    name: 'scan-clustering',
    fingerprint,
    epochs,
    groups,
    figures: () => counts.figures(),
    state: () =>
      new Map([...trainingState([network.stateDict()], optimizer), ['settings', settings], ...(best?.state() ?? [])]),
    begin: (epoch, resumed) => {
      // What the epoch before came to; in the middle of one it is in the state already.
      if (epoch > 0 && !resumed) best?.offer(epoch - 1);
      if (!resumed) counts.reset();
      network.train();
      const plan = scope(() => drawPairs(parts, epoch).to({ device: 'cpu' }).toNested()) as number[][];
      return imageEpoch({
        pixels,
        batches: plan.map((rows) => Int32Array.from(rows)),
        step: (images, rows) => clusteringStep(parts, images, { epoch, rows }),
      });
    },
    report: () => ({ rate, usedGroups: counts.used }),
  };
}

function clusteringStep(
  { network, strong, optimizer, arithmetic, seed, entropyWeight, counts }: ClusteringParts,
  images: Tensor,
  { epoch, rows }: { epoch: number; rows: Int32Array },
): StepLoss {
  const n = rows.length / 2;
  const moved = images.to({ device: arithmetic.device });
  // One pass each: the batch norms see anchors and neighbours apart, as in the code.
  const [anchors, others] = [0, 1].map((view) => {
    const draws = new Draws({ seed, epoch, view, rows: rows.subarray(view * n, (view + 1) * n) });
    const views = strong(moved.narrow(0, view * n, n), draws);
    return inPrecision(arithmetic, () => network.forward(views)).to('float32');
  });
  if (anchors === undefined || others === undefined) throw new RangeError('a batch has two parts');
  const { loss, consistency, entropy } = scanLoss(anchors, others, { entropyWeight });
  counts.add(anchors);
  const told = { consistency: consistency.detach(), entropy: entropy.detach(), confidence: meanConfidence(anchors) };
  return { loss: descend(optimizer, loss), ...told };
}
