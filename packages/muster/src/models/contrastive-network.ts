import type { Generator, Tensor } from '@muster/torch';
import { Conv2d, init, Linear, Module, ReLU, Sequential } from '@muster/torch/nn';
import { ResNet } from './resnet.ts';
import type { ResNetOptions } from './resnet.ts';

/** Shape of a {@link ContrastiveNetwork}. */
export interface ContrastiveNetworkOptions extends Pick<ResNetOptions, 'depth' | 'stem' | 'width' | 'channels'> {
  /** Width of the projection's hidden layer; default: that of the features. */
  readonly hidden?: number;
  /** Width of the projection; SCAN's is 128. */
  readonly projection: number;
  readonly generator?: Generator;
}

/**
 * SimCLR's network as SCAN has it: a ResNet, then linear, ReLU, linear. Names: `backbone`, `contrastive_head.0` and `.2`, as in the
 * published weights.
 *
 * @source SCAN, authors' code; convolutions start Kaiming-normal by fan out, linear layers by PyTorch's rule
 */
export class ContrastiveNetwork extends Module {
  readonly backbone: ResNet;
  readonly contrastiveHead: Sequential;

  constructor({ projection, hidden, generator, ...shape }: ContrastiveNetworkOptions) {
    super();
    this.backbone = startedResNet(shape, generator);
    const { dimension } = this.backbone;
    const inner = hidden ?? dimension;
    this.contrastiveHead = new Sequential(
      new Linear(dimension, inner, { generator }),
      new ReLU(),
      new Linear(inner, projection, { generator }),
    );
  }

  /** @param x (n, channels, h, w) @returns (n, dimension) */
  features(x: Tensor): Tensor {
    return this.backbone.features(x);
  }

  /** @returns (n, projection), of any length: the loss compares directions */
  forward(x: Tensor): Tensor {
    return this.contrastiveHead.forward(this.features(x));
  }
}

/** A ResNet with a linear layer to K groups: `backbone`, `cluster_head`. */
export class ClusterNetwork extends Module {
  readonly backbone: ResNet;
  readonly clusterHead: Linear;

  constructor(
    shape: Omit<ContrastiveNetworkOptions, 'projection' | 'hidden' | 'generator'>,
    groups: number,
    generator?: Generator,
  ) {
    super();
    this.backbone = startedResNet(shape, generator);
    this.clusterHead = new Linear(this.backbone.dimension, groups, { generator });
  }

  /** @param x (n, channels, h, w) @returns (n, dimension) */
  features(x: Tensor): Tensor {
    return this.backbone.features(x);
  }

  /** @returns logits (n, groups) */
  forward(x: Tensor): Tensor {
    return this.clusterHead.forward(this.features(x));
  }
}

function startedResNet(shape: ResNetOptions, generator: Generator | undefined): ResNet {
  const network = new ResNet({ ...shape, generator });
  for (const part of network.namedModules().values())
    if (part instanceof Conv2d) init.kaimingNormal_(part.weight, { mode: 'fanOut', generator });
  return network;
}
