import { Parameter } from '@muster/torch';
import type { Generator, Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { Conv2d, LayerNorm, Linear, Module, ModuleList, TransformerBlock } from '@muster/torch/nn';
import type { Sequential } from '@muster/torch/nn';
import { MusterError } from '../base/index.ts';
import { convolutionalStem } from './convolutional-stem.ts';
import { interpolatePositions, positionTable } from './positions.ts';
import type { PositionResampling, PositionTable } from './positions.ts';
import { initVisionTransformer_ } from './vit-start.ts';
import type { VisionTransformerStart } from './vit-start.ts';

/** Shape and details of a vision transformer. */
export interface VisionTransformerOptions {
  /** Patches a side that the positions are made for. */
  readonly grid: number;
  /** Side of a patch in pixels; with a convolutional stem a power of two. */
  readonly patch: number;
  /**
   * How an image becomes tokens: `patch` one convolution as large as its stride (`patch_embed.proj`); `convolutional` a 3x3 convolution
   * of stride 2, batch normalisation and ReLU for each halving, then a 1x1 convolution (`stem.<i>`), as MoCo v3 and ViT-IC have it.
   * Default `patch`.
   */
  readonly stem?: 'patch' | 'convolutional';
  /** Channels of a convolutional stem's 3x3 convolutions; default: doubling up to `dim`. */
  readonly stemWidths?: readonly number[];
  /** Epsilon of its batch normalisations, default 1e-5. */
  readonly bnEps?: number;
  /** `learned`, or the fixed table that is added (the class token's row with it). Default `learned`. */
  readonly positions?: 'learned' | PositionTable;
  /** Whose initialisation it starts from, default `dino`. */
  readonly start?: VisionTransformerStart;
  readonly dim: number;
  readonly depth: number;
  readonly heads: number;
  readonly channels?: number;
  /** Hidden width of the MLPs over `dim`, default 4. */
  readonly mlpRatio?: number;
  /** Epsilon of the layer norms, default 1e-6. */
  readonly eps?: number;
  readonly qkvBias?: boolean;
  /** Whether a learned class token comes first, default true. */
  readonly classToken?: boolean;
  /** What an image's embedding is: the class token after the last norm, or the mean of all tokens. Default: `cls` where there is a class token. */
  readonly pool?: 'cls' | 'mean';
  /** How positions are resampled for another grid; null (the default) refuses another grid. */
  readonly interpolation?: PositionResampling | null;
  /** Width of a linear head on the embedding, default null: none. */
  readonly classes?: number | null;
  readonly generator?: Generator;
}

/** Cuts the image into patches and projects each. */
class PatchEmbedding extends Module {
  readonly proj: Conv2d;

  constructor(channels: number, dim: number, patch: number, generator?: Generator) {
    super();
    this.proj = new Conv2d(channels, dim, patch, { stride: patch, generator });
  }

  forward(x: Tensor): Tensor {
    return this.proj.forward(x);
  }
}

/**
 * Vision transformer in the layout of timm and DINO: `patch_embed.proj` or `stem.<i>`, `cls_token`, `pos_embed` (class first),
 * `blocks.<i>`, `norm`, `head`. Pre-norm blocks, GELU with erf. A state may lack `pos_embed` where positions are fixed.
 *
 * @source A. Dosovitskiy et al., An image is worth 16x16 words (2021)
 * @source X. Chen et al., An empirical study of training self-supervised vision transformers (2021): the convolutional stem, in code
 */
export class VisionTransformer extends Module {
  readonly patchEmbed: PatchEmbedding | null;
  readonly stem: Sequential | null;
  clsToken: Parameter | null;
  /** (1, [1 +] grid^2, dim): a parameter where positions are learned. */
  posEmbed: Tensor;
  readonly blocks: ModuleList<TransformerBlock>;
  readonly norm: LayerNorm;
  readonly head: Linear | null;
  readonly #patch: number;
  readonly #pool: 'cls' | 'mean';
  readonly #interpolation: PositionResampling | null;

  /** @throws MusterError `models.stem` where the stem's convolutions do not come to the patch */
  constructor(options: VisionTransformerOptions) {
    super();
    const { grid, patch, dim, depth, heads, channels = 3, mlpRatio = 4, eps = 1e-6, qkvBias = true } = options;
    const { stem = 'patch', positions = 'learned', start = 'dino' } = options;
    const { classToken = true, classes = null, generator } = options;
    this.patchEmbed = stem === 'patch' ? new PatchEmbedding(channels, dim, patch, generator) : null;
    this.stem = stem === 'patch' ? null : convolutionalStem({ ...options, channels });
    this.clsToken = classToken ? parameter([1, 1, dim]) : null;
    this.posEmbed =
      positions === 'learned'
        ? parameter([1, (classToken ? 1 : 0) + grid * grid, dim])
        : torch.scope(() => positionTable(positions, { grid, dim, classToken }).unsqueeze(0));
    const block = { heads, hidden: mlpRatio * dim, eps, qkvBias, generator };
    this.blocks = new ModuleList(Array.from({ length: depth }, () => new TransformerBlock(dim, block)));
    this.norm = new LayerNorm(dim, { eps });
    this.head = classes === null ? null : new Linear(dim, classes, { generator });
    this.#patch = patch;
    this.#pool = options.pool ?? (classToken ? 'cls' : 'mean');
    this.#interpolation = options.interpolation ?? null;
    initVisionTransformer_(this, start, generator);
  }

  protected override optionalState(): readonly string[] {
    return this.posEmbed instanceof Parameter ? [] : ['pos_embed'];
  }

  /**
   * @param x (n, channels, h, w), h and w multiples of the patch
   * @returns (n, [1 +] h w / patch^2, dim): all tokens after the last norm
   */
  tokens(x: Tensor): Tensor {
    const [n = 0, , height = 0, width = 0] = x.shape;
    if (height % this.#patch !== 0 || width % this.#patch !== 0) {
      throw new MusterError(
        'models.size',
        `An image of ${width} x ${height} does not divide into patches of ${this.#patch}.`,
      );
    }
    const map = this.patchEmbed?.forward(x) ?? this.stem?.forward(x) ?? x; // (n, d, rows, columns)
    const patches = map.flatten(2).transpose(1, 2); // (n, L, d)
    const { clsToken } = this;
    const sequence = clsToken === null ? patches : torch.cat([clsToken.expand([n, -1, -1]), patches], 1);
    let y = sequence.add(this.#positions(height / this.#patch, width / this.#patch));
    for (const block of this.blocks) y = block.forward(y);
    return this.norm.forward(y);
  }

  /** @returns (n, dim): the class token, or the mean of all tokens, after the last norm */
  embed(x: Tensor): Tensor {
    const tokens = this.tokens(x);
    return this.#pool === 'cls' ? tokens.select(1, 0) : tokens.mean([1]);
  }

  /** @returns (n, classes); without a head the embedding, (n, dim) */
  forward(x: Tensor): Tensor {
    const embedding = this.embed(x);
    return this.head?.forward(embedding) ?? embedding;
  }

  #positions(height: number, width: number): Tensor {
    const extra = this.clsToken === null ? 0 : 1;
    const count = (this.posEmbed.shape[1] ?? 0) - extra;
    const isOwnGrid = height === width && height * width === count;
    if (isOwnGrid) return this.posEmbed;
    if (this.#interpolation === null) {
      const fix = 'give images of that size, or say how positions are resampled';
      throw new MusterError('models.positions', `A grid of ${height} x ${width} patches, positions for ${count}.`, {
        fix,
      });
    }
    return interpolatePositions(this.posEmbed, { extra, height, width }, this.#interpolation);
  }
}

function parameter(shape: number[]): Parameter {
  return new Parameter(torch.zeros(shape, { dtype: 'float32' }));
}
