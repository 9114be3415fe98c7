import * as torch from '@muster/torch';
import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { nmf as factorise } from '../cluster/index.ts';
import { defineMethod, RowScaling, storedTensor } from './method.ts';
import type { Fit, Model, StoredModel } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of components, at most as many groups'),
  rows: z
    .enum(['raw', 'unit'])
    .default('unit')
    .describe('raw: as they are; unit: of length 1. They must not be negative'),
  restarts: z.int().min(1).default(5).describe('random starts; the one of least error is kept'),
  iterations: z.int().min(1).default(200).describe('at most'),
});

/** Rounds in which a row finds its shares of given components. */
const SHARE_ROUNDS = 100;
/** Least denominator. */
const FLOOR = 1e-12;

/** Shares of given components in a row: the largest is its group. */
class ComponentModel implements Model {
  private readonly scaling: RowScaling;
  /** [K, D] unit rows, at least 0. */
  private readonly components: Tensor;

  constructor(scaling: RowScaling, components: Tensor) {
    this.scaling = scaling;
    this.components = components;
  }

  /** Multiplicative updates of W alone (Lee and Seung 2001), all rows from equal shares. */
  probabilities(rows: Tensor): Tensor {
    return scope(() => {
      const target = this.scaling.apply(rows).mm(this.components.t()).clampMin(0); // X H'
      const inner = this.components.mm(this.components.t()); // H H'
      let shares = torch.ones(target.shape, { dtype: target.dtype, device: target.device });
      for (let round = 0; round < SHARE_ROUNDS; round++) {
        shares = scope(() => shares.mul(target).div_(shares.mm(inner).clampMin_(FLOOR)));
      }
      const sums = shares.sum([1], true);
      const even = torch.fullLike(shares, 1 / (shares.shape[1] ?? 1));
      return torch.where(sums.gt(FLOOR), shares.div(sums.clampMin(FLOOR)), even);
    });
  }

  store(): StoredModel {
    const { tensors, settings } = this.scaling.store();
    return { tensors: new Map([...tensors, ['components', this.components]]), settings };
  }

  static restore(stored: StoredModel): ComponentModel {
    return new ComponentModel(RowScaling.restore(stored), storedTensor(stored.tensors, 'components'));
  }

  dispose(): void {
    this.scaling.dispose();
    this.components.dispose();
  }
}

/** Non-negative factorisation: every component is a group. */
export const nmf = defineMethod({
  id: 'nmf',
  title: 'Non-negative matrix factorisation',
  paper: 'Lee and Seung, 2001; Cichocki and Phan, 2009',
  needs: 'either',
  promises: 'up-to-k',
  options,
  cost: 'N K D a round',
  restore: (stored) => ComponentModel.restore(stored),

  fit({ embeddings }, { groups: k, rows, restarts, iterations }, { seed, device, signal }): Fit {
    const scaling = RowScaling.of(embeddings, rows, device);
    return scope(() => {
      using random = generator(seedStream(seed, 'nmf'));
      const x = scaling.applyAll(embeddings, device);
      const starts = Array.from({ length: restarts }, () => factorise(x, { k, iterations, generator: random, signal }));
      const found = starts.reduce((best, start) => (start.error < best.error ? start : best));
      const norms = torch.linalgVectorNorm(found.h, 2, [1], true).clampMin(FLOOR);
      const model = new ComponentModel(scaling, found.h.div(norms).contiguous());
      return { model, groups: k, values: { error: found.error, rounds: found.iterations } };
    });
  },
});
