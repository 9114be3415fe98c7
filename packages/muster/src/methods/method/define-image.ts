import type { Device, Tensor } from '@muster/torch';
import { readSafetensors } from '@muster/torch/io';
import type { z } from 'zod';
import type { Transform } from '../../augment/index.ts';
import { imageShapeOf, knownNumbers } from '../../train/index.ts';
import { areAllEqual, checkGroups } from './check.ts';
import { groupsOf, judgeUsage, ownLabels, parseOptions } from './define.ts';
import { ImageFittedModel, ImageModelAssigner, labelImages } from './fitted-image.ts';
import { readFitted } from './fitted.ts';
import type {
  ImageData,
  ImageFit,
  ImageFitted,
  ImageMethod,
  ImageModel,
  ImageShape,
  MethodContext,
  StoredModel,
} from './types.ts';
import { usageOf } from './usage.ts';

/** An image method as its file writes it: `fit` gets checked options and images. */
export interface ImageMethodDefinition<Options extends z.ZodObject> extends Omit<
  ImageMethod,
  'options' | 'fit' | 'load' | 'openCheckpoint' | 'complete' | 'view' | 'trains' | 'text' | 'needs'
> {
  readonly options: Options;
  fit(data: ImageData, options: z.output<Options>, context: MethodContext): ImageFit | Promise<ImageFit>;
  /** Makes the model again, on a device, from what it stored; takes the tensors over. */
  readonly restore: (stored: StoredModel, device: Device) => ImageModel;
  /**
   * The model of a training's state.
   *
   * @param tensors as `Training.state` names them; they are freed by the caller
   */
  readonly restoreCheckpoint: (
    tensors: ReadonlyMap<string, Tensor>,
    options: z.output<Options>,
    shape: ImageShape,
    device: Device,
  ) => ImageModel;
  /** Fills in what the options leave to the images; by default they leave nothing, or keep what they find out in the training's state. */
  readonly complete?: (options: z.output<Options>, shape: ImageShape) => Record<string, unknown>;
  /** A random view of training, float [n, c, h, w] of uint8 [n, C, H, W], before its numbers are normalised: for a look at it. */
  readonly view: (options: z.output<Options>, shape: ImageShape) => Transform;
}

/**
 * Makes an image method of its definition: options and images are checked before the fit, groups after it. A collapse is a warning event
 * and a field of the result.
 */
export function defineImageMethod<Options extends z.ZodObject>(
  definition: ImageMethodDefinition<Options>,
): ImageMethod {
  const { id, title, paper, promises, options: schema, cost, restore, restoreCheckpoint } = definition;
  const facts = {
    id,
    title,
    paper,
    promises,
    options: schema,
    cost,
    needs: 'images',
    text: false,
    trains: true,
  } as const;
  return {
    ...facts,
    fit: async (data, given, context) => {
      const options = parseOptions(id, schema, given);
      checkGroups(imageShapeOf(data).count, groupsOf(options), 'images');
      context.signal?.throwIfAborted();
      return finish(definition, await definition.fit(data, options, context), data, context);
    },
    complete: (given, shape) => {
      const options = parseOptions(id, schema, given);
      return definition.complete?.(options, shape) ?? options;
    },
    view: (given, shape) => definition.view(parseOptions(id, schema, given), shape),
    load: (folder, device = 'cpu') => {
      const { parts, model } = readFitted(folder, id, (stored) => restore(stored, device));
      return new ImageFittedModel(parts, model, device);
    },
    openCheckpoint: (file, given, shape, device = 'cpu') => {
      const options = parseOptions(id, schema, given);
      const tensors = readSafetensors(file);
      try {
        return new ImageModelAssigner(restoreCheckpoint(tensors, options, shape, device), device);
      } finally {
        for (const tensor of tensors.values()) tensor.dispose();
      }
    },
  };
}

function finish<Options extends z.ZodObject>(
  { id, promises }: ImageMethodDefinition<Options>,
  { model, groups, labels, values = {}, words = [] }: ImageFit,
  { pixels }: ImageData,
  { device, emit }: MethodContext,
): ImageFitted {
  const own = ownLabels(labels, labelImages(model, pixels, device));
  const usage = judgeUsage(usageOf(own.labels, groups, promises), areAllEqual(pixels), id, emit);
  return new ImageFittedModel({ method: id, groups, own, usage, values: knownNumbers(values), words }, model, device);
}
