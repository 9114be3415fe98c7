import { scope } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { z } from 'zod';
import { MusterError } from '../base/index.ts';
import { defineMethod, RowScaling, settingNumber, storedTensor } from './method.ts';
import type { Fit, Model, StoredModel } from './method.ts';
import { classVectors, zeroShotLogits } from './zero-shot/classify.ts';

const options = z.strictObject({
  ensemble: z
    .enum(['normalise-first', 'mean-first'])
    .default('normalise-first')
    .describe('how the prompts of a class are joined'),
  temperature: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe("of the probabilities; by default the text space's, doubled"),
});

/** Classes by their names alone: nothing is fitted but the mean row, where the text space wants it subtracted. */
class ZeroShotModel implements Model {
  private readonly scaling: RowScaling;
  /** [K, d] unit rows. */
  private readonly classes: Tensor;
  private readonly temperature: number;

  constructor(scaling: RowScaling, classes: Tensor, temperature: number) {
    this.scaling = scaling;
    this.classes = classes;
    this.temperature = temperature;
  }

  probabilities(rows: Tensor): Tensor {
    return scope(() => zeroShotLogits(this.scaling.apply(rows), this.classes, 1 / this.temperature).softmax(1));
  }

  store(): StoredModel {
    const { tensors, settings } = this.scaling.store();
    return {
      tensors: new Map([...tensors, ['classes', this.classes]]),
      settings: { ...settings, temperature: this.temperature },
    };
  }

  static restore(stored: StoredModel): ZeroShotModel {
    const { tensors, settings } = stored;
    return new ZeroShotModel(
      RowScaling.restore(stored),
      storedTensor(tensors, 'classes'),
      settingNumber(settings, 'temperature'),
    );
  }

  dispose(): void {
    this.scaling.dispose();
    this.classes.dispose();
  }
}

/** Zero-shot classification with given class names: a comparison line, since it is told what the groups are. */
export const zeroShot = defineMethod({
  id: 'zero-shot',
  title: 'Zero-shot classification with given class names',
  paper: 'Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021',
  promises: 'up-to-k',
  options,
  text: true,
  cost: 'N K D',
  restore: (stored) => ZeroShotModel.restore(stored),

  fit({ embeddings, text }, { ensemble, temperature }, { device }): Fit {
    if (text?.classes === undefined) {
      throw new MusterError('method.text', 'No class names are given', { fix: 'name the classes', kind: 'usage' });
    }
    const { names, prompts } = text.classes;
    const scaling = RowScaling.of(embeddings, text.centreImages ? 'centred' : 'unit', device);
    const classes = scope(() => classVectors(prompts.to({ device }), ensemble));
    // TAC retrieves at half the temperature that the text space itself classifies with.
    const model = new ZeroShotModel(scaling, classes, temperature ?? 2 * text.temperature);
    return { model, groups: names.length, words: names };
  },
});
