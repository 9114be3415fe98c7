/** Initialisations of whole networks, as the papers' code has them. */
import type { Generator } from '../index.ts';
import { Conv2d } from './conv.ts';
import { constant_, kaimingNormal_, normal_, truncNormal_, xavierUniform_, xavierUniformQkv_ } from './init.ts';
import { Linear } from './linear.ts';
import type { Module } from './module.ts';
import { LayerNorm } from './normalisation.ts';

/**
 * Vision transformers of the masked autoencoder, MoCo v3 and ViT-IC: all Linear weights Xavier-uniform, biases 0, LayerNorm 1 and 0.
 * Convolutions and free parameters are left as they are.
 *
 * @param options.splitQkv treat q, k and v of a Linear named qkv each alone (MoCo v3, ViT-IC), not as one matrix (MAE)
 */
export function initXavierTransformer_(
  module: Module,
  { splitQkv = false, generator }: { splitQkv?: boolean; generator?: Generator } = {},
): void {
  for (const [name, part] of module.namedModules()) {
    if (part instanceof Linear) {
      if (splitQkv && /(^|\.)qkv$/.test(name)) xavierUniformQkv_(part.weight, { generator });
      else xavierUniform_(part.weight, { generator });
      if (part.bias !== null) constant_(part.bias, 0);
    } else if (part instanceof LayerNorm) resetLayerNorm(part);
  }
}

/** DINO's vision transformers and heads: all Linear weights normal with sd .02, cut off at ±2, biases 0, LayerNorm 1 and 0. */
export function initTruncNormalTransformer_(
  module: Module,
  { sd = 0.02, generator }: { sd?: number; generator?: Generator } = {},
): void {
  for (const part of module.namedModules().values()) {
    if (part instanceof Linear) {
      truncNormal_(part.weight, { sd, generator });
      if (part.bias !== null) constant_(part.bias, 0);
    } else if (part instanceof LayerNorm) resetLayerNorm(part);
  }
}

/** MMDC's networks: convolutions Kaiming-normal by fan in, Linear normal with sd .01, biases 0. */
export function initConvolutional_(
  module: Module,
  { sd = 0.01, generator }: { sd?: number; generator?: Generator } = {},
): void {
  for (const part of module.namedModules().values()) {
    if (part instanceof Conv2d) kaimingNormal_(part.weight, { generator });
    else if (part instanceof Linear) normal_(part.weight, 0, sd, { generator });
    else continue;
    if (part.bias !== null) constant_(part.bias, 0);
  }
}

function resetLayerNorm(part: LayerNorm): void {
  if (part.weight !== null) constant_(part.weight, 1);
  if (part.bias !== null) constant_(part.bias, 0);
}
