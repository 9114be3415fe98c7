import { noGrad, scope } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { MusterError } from '../../base/index.ts';
import type { Transform } from '../../augment/index.ts';
import type { ClusterNetwork } from '../../models/index.ts';
import { channelsFirst, networkState, plainDraws, plainView, readSettings } from '../../train/index.ts';
import { settingNumber } from '../method.ts';
import type { ImageModel, StoredModel } from '../method.ts';
import { clusterNetwork, scanSettingSchema } from './setting.ts';
import type { ScanSetting } from './setting.ts';

/** A network with its head; the head's softmax is the probabilities. */
export class ScanModel implements ImageModel {
  readonly dimension: number;
  private readonly network: ClusterNetwork;
  private readonly setting: ScanSetting;
  private readonly groups: number;
  private readonly plain: Transform;

  /** Takes the network over. */
  constructor(network: ClusterNetwork, setting: ScanSetting, groups: number) {
    this.dimension = network.backbone.dimension;
    this.network = network;
    this.setting = setting;
    this.groups = groups;
    this.plain = plainView(setting);
    network.eval();
  }

  static restore({ tensors, settings }: StoredModel, device: Device): ScanModel {
    try {
      const parsed = scanSettingSchema.safeParse(settings['setting']);
      if (!parsed.success)
        throw new MusterError('method.folder', "The network's settings are damaged", { fix: 'fit the method again' });
      return restored(parsed.data, settingNumber(settings, 'groups'), tensors, device);
    } finally {
      for (const tensor of tensors.values()) tensor.dispose();
    }
  }

  /** @param state of the clustering step or of self-labelling; stays the caller's */
  static ofCheckpoint(state: ReadonlyMap<string, Tensor>, groups: number, device: Device): ScanModel {
    return restored(readSettings(state.get('settings'), scanSettingSchema), groups, networkState(state), device);
  }

  probabilities(pixels: Tensor): Tensor {
    return noGrad(() => scope(() => this.logits(pixels).softmax(1)));
  }

  /** uint8 [n, H, W, C] on the network's device to [n, K]. */
  logits(pixels: Tensor): Tensor {
    return noGrad(() => scope(() => this.network.clusterHead.forward(this.embed(pixels))));
  }

  embed(pixels: Tensor): Tensor {
    const count = pixels.shape[0] ?? 0;
    return noGrad(() => scope(() => this.network.features(this.plain(channelsFirst(pixels), plainDraws(count)))));
  }

  store(): StoredModel {
    return { tensors: this.network.stateDict(), settings: { setting: this.setting, groups: this.groups } };
  }

  dispose(): void {
    this.network.dispose();
  }
}

function restored(setting: ScanSetting, groups: number, state: ReadonlyMap<string, Tensor>, device: Device): ScanModel {
  const network = clusterNetwork(setting, groups, 0, device);
  network.loadStateDict(state);
  return new ScanModel(network, setting, groups);
}
