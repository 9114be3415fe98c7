import * as torch from '../index.ts';
import type { Tensor } from '../index.ts';
import { Module } from './module.ts';

/** Gives its input. */
export class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input;
  }
}

/** max(x, 0) */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return torch.relu(input);
  }
}

/** min(max(x, 0), 6) */
export class ReLU6 extends Module {
  forward(input: Tensor): Tensor {
    return torch.relu6(input);
  }
}

/** x Φ(x) with the error function, or its tanh approximation (Hendrycks & Gimpel 2016). */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  constructor({ approximate = 'none' }: { approximate?: 'none' | 'tanh' } = {}) {
    super();
    this.approximate = approximate;
  }

  forward(input: Tensor): Tensor {
    return torch.gelu(input, { approximate: this.approximate });
  }
}

/** x sigmoid(1.702 x), as in CLIP. */
export class QuickGELU extends Module {
  forward(input: Tensor): Tensor {
    return input.mul(input.mul(1.702).sigmoid());
  }
}

/** x sigmoid(x) */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return torch.silu(input);
  }
}

/** tanh(x) */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return torch.tanh(input);
  }
}

/** 1 / (1 + exp(-x)) */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return torch.sigmoid(input);
  }
}

/** exp(x) over its sum along an axis, stable. */
export class Softmax extends Module {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  forward(input: Tensor): Tensor {
    return torch.softmax(input, this.dim);
  }
}

/** Logarithm of the softmax along an axis, stable. */
export class LogSoftmax extends Module {
  readonly dim: number;

  constructor(dim = -1) {
    super();
    this.dim = dim;
  }

  forward(input: Tensor): Tensor {
    return torch.logSoftmax(input, this.dim);
  }
}

/** Activations by the names that configurations of models use. */
export const activations = {
  gelu: () => new GELU(),
  'gelu-tanh': () => new GELU({ approximate: 'tanh' }),
  'quick-gelu': () => new QuickGELU(),
  relu: () => new ReLU(),
  relu6: () => new ReLU6(),
  silu: () => new SiLU(),
  tanh: () => new Tanh(),
  sigmoid: () => new Sigmoid(),
} as const;

/** Name of an activation. */
export type ActivationName = keyof typeof activations;
