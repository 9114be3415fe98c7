import type { Device, Tensor } from '@muster/torch';
import { readSafetensors } from '@muster/torch/io';
import { z } from 'zod';
import type { Transform } from '../../augment/index.ts';
import { MusterError } from '../../base/index.ts';
import { embedImages, imageShapeOf, knownNumbers } from '../../train/index.ts';
import type { ImageData, ImageShape, StoredModel } from '../../train/index.ts';
import { loadPretrained, PretrainedNetwork } from './pretrained.ts';
import { judgeSpread } from './spread.ts';
import type { PretrainedModel, Pretraining, PretrainingContext, PretrainingFit } from './types.ts';

/** A pretraining as its file writes it: `fit` gets checked options and images. */
export interface PretrainingDefinition<Options extends z.ZodObject> extends Omit<
  Pretraining,
  'options' | 'fit' | 'load' | 'openCheckpoint' | 'complete' | 'view'
> {
  readonly options: Options;
  fit(
    data: ImageData,
    options: z.output<Options>,
    context: PretrainingContext,
  ): PretrainingFit | Promise<PretrainingFit>;
  /** Makes the network again, on a device, from what it stored; takes the tensors over. */
  readonly restore: (stored: StoredModel, device: Device) => PretrainedModel;
  /**
   * The network of a training's state.
   *
   * @param tensors as `Training.state` names them; they are freed by the caller
   */
  readonly restoreCheckpoint: (
    tensors: ReadonlyMap<string, Tensor>,
    options: z.output<Options>,
    shape: ImageShape,
    device: Device,
  ) => PretrainedModel;
  /** Fills in what the options leave to the images; by default they leave nothing, or keep what they find out in the training's state. */
  readonly complete?: (options: z.output<Options>, shape: ImageShape) => Record<string, unknown>;
  /** A random view of training, float [n, c, h, w] of uint8 [n, C, H, W], before its numbers are normalised: for a look at it. */
  readonly view: (options: z.output<Options>, shape: ImageShape) => Transform;
}

/**
 * Makes a pretraining of its definition: options and images are checked before the fit, the embeddings after it.
 * A collapse is a warning event and to be seen from the value `spread`.
 */
export function definePretraining<Options extends z.ZodObject>(
  definition: PretrainingDefinition<Options>,
): Pretraining {
  const { id, title, paper, options: schema, cost, restore, restoreCheckpoint } = definition;
  return {
    id,
    title,
    paper,
    options: schema,
    cost,
    fit: async (data, given, context) => {
      const options = parseOptions(id, schema, given);
      imageShapeOf(data);
      context.signal?.throwIfAborted();
      const { model, values = {} } = await definition.fit(data, options, context);
      const embed = (pixels: Tensor): Tensor => embedImages(model, pixels, context.device);
      const spread = judgeSpread(data.pixels, embed, id, context.emit);
      return new PretrainedNetwork(
        { pretraining: id, values: knownNumbers({ ...values, spread }) },
        model,
        context.device,
      );
    },
    complete: (given, shape) => {
      const options = parseOptions(id, schema, given);
      return definition.complete?.(options, shape) ?? options;
    },
    view: (given, shape) => definition.view(parseOptions(id, schema, given), shape),
    load: (folder, device = 'cpu') => loadPretrained(folder, id, (stored) => restore(stored, device), device),
    openCheckpoint: (file, given, shape, device = 'cpu') => {
      const options = parseOptions(id, schema, given);
      const tensors = readSafetensors(file);
      try {
        const model = restoreCheckpoint(tensors, options, shape, device);
        return new PretrainedNetwork({ pretraining: id, values: {} }, model, device);
      } finally {
        for (const tensor of tensors.values()) tensor.dispose();
      }
    },
  };
}

function parseOptions<Options extends z.ZodObject>(
  id: string,
  options: Options,
  given: Readonly<Record<string, unknown>>,
): z.output<Options> {
  const parsed = options.safeParse(given);
  if (parsed.success) return parsed.data;
  const what = z.prettifyError(parsed.error).replaceAll('\n', ' ');
  throw new MusterError('method.options', what, { where: id, kind: 'usage' });
}
