import type { Generator, Tensor } from '@muster/torch';
import { BatchNorm1d, Linear, ReLU, Sequential } from '@muster/torch/nn';
import type { Layer } from '@muster/torch/nn';
import { VisionTransformer } from './vit.ts';
import type { VisionTransformerOptions } from './vit.ts';

/** Shape of ViT-IC's network; the defaults are the authors' code's. */
export interface VitIcOptions extends Omit<
  VisionTransformerOptions,
  'stem' | 'start' | 'classes' | 'grid' | 'patch' | 'dim' | 'depth' | 'heads'
> {
  /** Number of clusters, K. */
  readonly groups: number;
  /** Width of the instance head's output, default 128. */
  readonly projection?: number;
  /** Width of the heads' hidden layers, default 1344. */
  readonly hidden?: number;
  /** Whether the heads have batch normalisation (the code) or not (the paper's text). Default true. */
  readonly headNorm?: boolean;
  /** Patches a side, default 8: images of 128 px. */
  readonly grid?: number;
  /** Default 16: four halvings. */
  readonly patch?: number;
  /** Default 288. */
  readonly dim?: number;
  /** Default 8. */
  readonly depth?: number;
  /** Default 12. */
  readonly heads?: number;
}

/**
 * ViT-IC's network: a vision transformer with convolutional stem and fixed positions, and two heads on its class token. Names:
 * `stem.<i>`, `cls_token`, `blocks.<i>`, `norm`, `instance_head.<i>`, `cluster_head.<i>`. The heads start by PyTorch's rule.
 *
 * @source ViT-IC, authors' code; without `headNorm`, with `pool` mean and other tables, the paper's text and MAE's
 */
export class VitIc extends VisionTransformer {
  readonly instanceHead: Sequential;
  readonly clusterHead: Sequential;

  constructor(options: VitIcOptions) {
    const { groups, projection = 128, hidden = 1344, headNorm = true, bnEps, generator, ...shape } = options;
    const { grid = 8, patch = 16, dim = 288, depth = 8, heads = 12, positions = 'sincos-2d-rows' } = shape;
    const body = { ...shape, grid, patch, dim, depth, heads, positions, bnEps, generator };
    super({ ...body, stem: 'convolutional', start: 'vit-ic' });
    const head = { dim, hidden, norm: headNorm, eps: bnEps, generator };
    this.instanceHead = mlpHead(projection, head);
    this.clusterHead = mlpHead(groups, head);
  }

  /** @param h (n, dim) as `embed` gives it @returns (n, projection), of any length */
  instances(h: Tensor): Tensor {
    return this.instanceHead.forward(h);
  }

  /** @param h (n, dim) as `embed` gives it @returns (n, groups), rows sum to 1 */
  probabilities(h: Tensor): Tensor {
    return this.clusterHead.forward(h).softmax(1);
  }
}

interface HeadShape {
  readonly dim: number;
  readonly hidden: number;
  readonly norm: boolean;
  readonly eps?: number;
  readonly generator?: Generator;
}

/** Three linear layers with ReLU, and batch normalisation if wanted, between them. */
function mlpHead(out: number, { dim, hidden, norm, eps, generator }: HeadShape): Sequential {
  const inner = (inputs: number): Layer[] => [
    new Linear(inputs, hidden, { generator }),
    ...(norm ? [new BatchNorm1d(hidden, { eps })] : []),
    new ReLU(),
  ];
  return new Sequential(...inner(dim), ...inner(hidden), new Linear(hidden, out, { generator }));
}
