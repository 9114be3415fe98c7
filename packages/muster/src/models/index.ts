import { MusterError } from '../base/index.ts';
import type { Backbone, BackboneFamily, BackboneOptions } from './backbone.ts';
import { embedded } from './embedded.ts';
import { pixels } from './pixel-backbone.ts';

export type { Backbone, BackboneClassifier, BackboneDescription, BackboneFamily, BackboneOptions } from './backbone.ts';
export { ClusterNetwork, ContrastiveNetwork } from './contrastive-network.ts';
export type { ContrastiveNetworkOptions } from './contrastive-network.ts';
export { EFFICIENTNET_LITE0, EfficientNetLite, efficientNetLiteWidths } from './efficientnet-lite.ts';
export type { EfficientNetLiteOptions, EfficientNetLiteOutput, EfficientNetLiteWidths } from './efficientnet-lite.ts';
export { EfficientNetLiteInference } from './efficientnet-lite-inference.ts';
export type { InferenceOptions } from './efficientnet-lite-inference.ts';
export { interpolatePositions, sincos1d, sincos1dHalves, sincos2d } from './positions.ts';
export type { PositionResampling, PositionTable } from './positions.ts';
export { LEAST_WIDTH, ResNet } from './resnet.ts';
export type { ResNetDepth, ResNetOptions, ResNetStem } from './resnet.ts';
export { openResNet, ResNetBackbone } from './resnet-backbone.ts';
export type { ResNetFile } from './resnet-backbone.ts';
export { SmallVgg } from './small-vgg.ts';
export type { SmallVggOptions } from './small-vgg.ts';
export { VisionTransformer } from './vit.ts';
export type { VisionTransformerOptions } from './vit.ts';
export { VitIc } from './vit-ic.ts';
export type { VitIcOptions } from './vit-ic.ts';
export type { VisionTransformerStart } from './vit-start.ts';
export { fileSha256, findWeights, loadWeights, verifyWeights, weightsFolder, weightsTable } from './weights.ts';
export type { Preprocessing, WeightsRecord, WeightsTag } from './weights.ts';

/** Every backbone by name; the first is the default. A new one is one file and one line here. */
export const backbones: readonly BackboneFamily[] = [embedded, pixels];

/** The backbone that is used where none is named. */
export const DEFAULT_BACKBONE = embedded.id;

/**
 * Opens a backbone by its id.
 *
 * @throws MusterError `models.backbone` for a name that is not in the list; `models.no-weights` where its weights are not set up
 */
export function openBackbone(id: string = DEFAULT_BACKBONE, options: BackboneOptions = {}): Backbone {
  const family = backbones.find((entry) => entry.id === id);
  if (family !== undefined) return family.open(options);
  const known = backbones.map((entry) => entry.id).join(', ');
  throw new MusterError('models.backbone', `There is no backbone ${id}.`, {
    fix: `use one of: ${known}`,
    kind: 'usage',
  });
}
