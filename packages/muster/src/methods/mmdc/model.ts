import { noGrad, scope, tensor } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import type { Draws } from '../../augment/index.ts';
import { unitOutputs } from '../../losses/index.ts';
import { channelsFirst, networkState } from '../../train/index.ts';
import { settingNumber, storedTensor } from '../method.ts';
import type { ImageModel, StoredModel } from '../method.ts';
import { restoreNetwork } from './network.ts';
import type { MmdcNetwork } from './network.ts';
import { completeMmdcOptions } from './options.ts';
import type { CompleteMmdcOptions } from './options.ts';
import { distances } from './targets.ts';
import { augmentation, mmdcViews } from './views.ts';
import type { MmdcViews } from './views.ts';

/** Names of tensors in a stored model and in a checkpoint; the network's are as `trainingState` has them. */
const NETWORK = 'network.0.';
const MEANS = 'means';
const SPREAD = 'spread';
/** Least variance that distances are divided by. */
const LEAST_SPREAD = 1e-6;

/** What a {@link MmdcModel} is made of. */
export interface MmdcParts {
  readonly options: CompleteMmdcOptions;
  readonly channels: number;
  readonly network: MmdcNetwork;
  /** [K, d] on the network's device. */
  readonly means: Tensor;
  /** Mean square of the numbers of an output around those of its nearest mean: the variance of the components. */
  readonly spread: number;
  readonly device: Device;
}

/**
 * A trained network. An image belongs to the mean nearest to its output (eq. 3); its probabilities are the posterior of the mixture
 * whose components have the variance that the outputs have around their means, so that the likeliest group is the nearest.
 */
export class MmdcModel implements ImageModel {
  readonly dimension: number;
  private readonly parts: MmdcParts;
  private readonly views: MmdcViews;

  /** Takes network and means over. */
  constructor(parts: MmdcParts) {
    this.parts = parts;
    this.dimension = parts.network.dimension;
    this.views = mmdcViews(parts.options, parts.channels, parts.device);
    parts.network.module.eval();
  }

  /** @param tensors of a stored model, or of a training's state; they stay the caller's */
  static of(
    tensors: ReadonlyMap<string, Tensor>,
    options: CompleteMmdcOptions,
    channels: number,
    device: Device,
  ): MmdcModel {
    const network = restoreNetwork(options, channels, networkState(tensors), device);
    const means = scope(() => storedTensor(tensors, MEANS).to({ device }).clone());
    const spread = scope(() => storedTensor(tensors, SPREAD).item());
    return new MmdcModel({ options, channels, network, means, spread, device });
  }

  static restore({ tensors, settings }: StoredModel, device: Device): MmdcModel {
    try {
      const options = completeMmdcOptions.parse(settings['options']);
      return MmdcModel.of(tensors, options, settingNumber(settings, 'channels'), device);
    } finally {
      for (const tensor of tensors.values()) tensor.dispose();
    }
  }

  probabilities(pixels: Tensor): Tensor {
    const { network, means, spread } = this.parts;
    return noGrad(() =>
      scope(() => {
        const outputs = unitOutputs(network.topLayer.forward(this.embed(pixels)));
        const variance = Math.max(spread, LEAST_SPREAD);
        return distances(outputs, means)
          .square()
          .div(-2 * variance)
          .softmax(1);
      }),
    );
  }

  embed(pixels: Tensor): Tensor {
    return noGrad(() => scope(() => this.parts.network.features(this.views.plain(channelsFirst(pixels)))));
  }

  /** Features of the training's random views: uint8 [n, H, W, C] to [n, D]. */
  embedAugmented(pixels: Tensor, draws: Draws): Tensor {
    const { options, channels, network } = this.parts;
    const view = augmentation(options, channels);
    return noGrad(() => scope(() => network.features(view(channelsFirst(pixels), draws))));
  }

  store(): StoredModel {
    const { options, channels, network, means, spread } = this.parts;
    const state = [...network.module.stateDict()].map(([name, value]) => [`${NETWORK}${name}`, value] as const);
    const own = modelTensors(means, tensor(Float64Array.of(spread)));
    return { tensors: new Map([...state, ...own]), settings: { options, channels } };
  }

  dispose(): void {
    this.parts.network.module.dispose();
    this.parts.means.dispose();
  }
}

/** The tensors of a model beside its network's; `spread` as in {@link MmdcParts}, float64 [1]. */
export function modelTensors(means: Tensor, spread: Tensor): Map<string, Tensor> {
  return new Map([
    [MEANS, means],
    [SPREAD, spread],
  ]);
}
