import { generator, noGrad, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { seedStream } from '../../base/index.ts';
import { kmeans } from '../../cluster/index.ts';
import { unitOutputs } from '../../losses/index.ts';
import { channelsFirst, embedImages } from '../../train/index.ts';
import { renameGroups } from './refine.ts';
import type { MmdcState } from './start.ts';
import { distances } from './targets.ts';
import type { ImageBatch } from './views.ts';

/** Rounds of the refinement's k-means, at most. */
const ROUNDS = 300;

/** Deals the targets of a batch out anew: by the outputs for plain centre crops, the network being in evaluation mode. */
export function assignTargets(state: MmdcState, { images, rows }: ImageBatch): void {
  const { network, means, targets, watch } = state;
  network.module.eval();
  scope(() =>
    noGrad(() => {
      const outputs = outputsOf(state, images); // (B, d)
      const toMeans = distances(outputs, means).toFloat32Array();
      if (watch.see(toMeans)) watch.deal(rows.length, targets.reassign(rows, outputs, toMeans));
    }),
  );
  network.module.train();
}

/**
 * Gives every image the mean of a group that k-means finds among the outputs of all images, the groups being named after the targets that
 * were held so far. From here on groups are as large as they are. Source: MMDC section III-E.
 */
export function refineTargets(state: MmdcState, epoch: number): void {
  const { options, seed, signal, targets, watch, pixels, means, network } = state;
  const { groups, restarts } = options;
  network.module.eval();
  scope(() => {
    const embedder = {
      dimension: means.shape[1] ?? 0,
      embed: (block: Tensor) => outputsOf(state, channelsFirst(block)),
    };
    const outputs = embedImages(embedder, pixels, 'cpu'); // (N, d)
    using random = generator(seedStream(seed, 'mmdc', 'refine', epoch));
    const { labels } = kmeans(outputs, { k: groups, restarts, maxIterations: ROUNDS, generator: random, signal });
    const components = renameGroups(Int32Array.from(labels.toNumbers()), targets.components(), groups);
    const toMeans = distances(outputs, means.to({ device: 'cpu' })).toFloat32Array(); // (N, K)
    watch.see(toMeans, 1);
    const cost = components.reduce((sum, component, image) => sum + (toMeans[image * groups + component] ?? 0), 0);
    watch.deal(components.length, { cost, changed: targets.replace(components) });
  });
  network.module.train();
}

/** f_θ of plain views: [n, d] rows of length 1. */
function outputsOf(state: MmdcState, images: Tensor): Tensor {
  return unitOutputs(state.outputs(state.views.plain(images)));
}
