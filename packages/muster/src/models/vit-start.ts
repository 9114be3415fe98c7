import type { Generator, Tensor } from '@muster/torch';
import { Parameter } from '@muster/torch';
import { init, initTruncNormalTransformer_, initXavierTransformer_ } from '@muster/torch/nn';
import type { Conv2d, Module } from '@muster/torch/nn';

/**
 * Whose initialisation a vision transformer starts from. Convolutions start by PyTorch's rule but where it says otherwise.
 *
 * - `dino`: Linear weights, positions and class token normal with sd .02, cut off
 * - `mae` (PICI too): Linear weights and the patch convolution, taken as a matrix, Xavier-uniform; positions and class token N(0, .02²)
 * - `vit-ic`: as MoCo v3, Xavier-uniform with q, k and v each alone; class token N(0, 1e-12), learned positions N(0, .02²)
 */
export type VisionTransformerStart = 'dino' | 'mae' | 'vit-ic';

const SD = 0.02;
/** Of ViT-IC's class token. */
const CLASS_SD = 1e-6;

/** The parts of a vision transformer that start in ways of their own. */
interface Parts extends Module {
  readonly patchEmbed: { readonly proj: Conv2d } | null;
  readonly clsToken: Parameter | null;
  readonly posEmbed: Tensor;
}

/** Starts a vision transformer as its family does; Linear biases are 0, and fixed positions stay as they are. */
export function initVisionTransformer_(network: Parts, start: VisionTransformerStart, generator?: Generator): void {
  const { patchEmbed, clsToken, posEmbed } = network;
  const free = [clsToken, posEmbed].filter((tensor) => tensor instanceof Parameter);
  if (start === 'dino') {
    initTruncNormalTransformer_(network, { sd: SD, generator });
    for (const tensor of free) init.truncNormal_(tensor, { sd: SD, generator });
    return;
  }
  initXavierTransformer_(network, { splitQkv: start === 'vit-ic', generator });
  if (start === 'mae' && patchEmbed !== null) init.xavierUniformPatch_(patchEmbed.proj.weight, { generator });
  for (const tensor of free) {
    const sd = start === 'vit-ic' && tensor === clsToken ? CLASS_SD : SD;
    init.normal_(tensor, 0, sd, { generator });
  }
}
