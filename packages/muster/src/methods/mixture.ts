import { generator, scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { z } from 'zod';
import { seedStream } from '../base/index.ts';
import { gaussianMixture, mixturePosterior } from '../cluster/index.ts';
import type { MixtureParameters } from '../cluster/index.ts';
import { defineMethod, rowOptions, RowScaling, storedTensor } from './method.ts';
import type { Fit, Model, StoredModel } from './method.ts';

const options = z.strictObject({
  groups: z.int().min(1).describe('number of components, at most as many groups'),
  ...rowOptions,
  components: rowOptions.components
    .unwrap()
    .default(64)
    .describe('principal components that are kept; null: no reduction'),
  covariance: z.enum(['diag', 'full']).default('diag'),
  restarts: z.int().min(1).default(3).describe('k-means starts; the likeliest mixture is kept'),
  iterations: z.int().min(1).default(100).describe('at most'),
  ridge: z.number().min(0).default(1e-4).describe('added to every variance'),
});

/** Posterior of a Gaussian mixture on scaled rows. */
class MixtureModel implements Model {
  private readonly scaling: RowScaling;
  private readonly parameters: MixtureParameters;

  constructor(scaling: RowScaling, parameters: MixtureParameters) {
    this.scaling = scaling;
    this.parameters = parameters;
  }

  probabilities(rows: Tensor): Tensor {
    return scope(() => mixturePosterior(this.scaling.apply(rows), this.parameters).responsibilities.to('float32'));
  }

  store(): StoredModel {
    const { tensors, settings } = this.scaling.store();
    const { weights, means, covariances } = this.parameters;
    return {
      tensors: new Map([...tensors, ['weights', weights], ['means', means], ['covariances', covariances]]),
      settings,
    };
  }

  static restore(stored: StoredModel): MixtureModel {
    const named = (name: string): Tensor => storedTensor(stored.tensors, name);
    const parameters = { weights: named('weights'), means: named('means'), covariances: named('covariances') };
    return new MixtureModel(RowScaling.restore(stored), parameters);
  }

  dispose(): void {
    this.scaling.dispose();
    this.parameters.weights.dispose();
    this.parameters.means.dispose();
    this.parameters.covariances.dispose();
  }
}

/** Gaussian mixture by expectation maximisation, on the first principal components. */
export const mixture = defineMethod({
  id: 'mixture',
  title: 'Gaussian mixture',
  paper: 'Dempster, Laird and Rubin, 1977',
  needs: 'either',
  promises: 'up-to-k',
  options,
  cost: 'N K d an iteration (full covariances: N K d²), d the principal components',
  restore: (stored) => MixtureModel.restore(stored),

  fit({ embeddings }, given, context): Fit {
    const { groups: k, covariance, restarts, iterations, ridge } = given;
    const { seed, device, signal } = context;
    const scaling = RowScaling.reduced(embeddings, given, context);
    const { weights, means, covariances, ...found } = scope(() => {
      using random = generator(seedStream(seed, 'mixture'));
      const x = scaling.applyAll(embeddings, device);
      return gaussianMixture(x, { k, covariance, restarts, iterations, ridge, generator: random, signal });
    });
    const model = new MixtureModel(scaling, { weights, means, covariances });
    return { model, groups: k, values: { logLikelihood: found.logLikelihood, iterations: found.iterations } };
  },
});
