import { resolve } from 'node:path';
import { noGrad, scope, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { MusterError, silent, type Emit } from '../base/index.ts';
import { Draws, type Transform } from '../augment/index.ts';
import { openDataSet, type Collection } from '../data/index.ts';
import { loadBatches, loadImages } from '../image/index.ts';
import type { ImageShape } from '../train/index.ts';
import { writeFileAtomic } from '../store/index.ts';
import { drawSheet } from './augment-sheet.ts';
import { augmentOptions, type AugmentOptionsInput, type AugmentResult } from './augment-options.ts';
import { parseOptions } from './parse-options.ts';
import { geometryOf, greyOf } from './pixel-form.ts';
import { locateRecipe, readRecipe, type Recipe } from './recipe.ts';
import { findTrainer, planTrainer } from './trainer.ts';

const optionNames = {
  recipe: '<recipe>',
  sheet: '--sheet',
  data: '--data',
  images: '--images',
  views: '--views',
  seed: '--seed',
  epoch: '--epoch',
};

/**
 * Draws what a recipe's training sees: some images of its data and the random views of each, as an epoch of that seed has
 * them.
 *
 * @throws MusterError `recipe`; `augment.view` where its method trains no network; what opening data throws
 */
export async function drawAugmentations(
  input: AugmentOptionsInput,
  emit: Emit = silent,
  signal: AbortSignal = new AbortController().signal,
): Promise<AugmentResult> {
  const options = parseOptions(augmentOptions, input, optionNames);
  const path = locateRecipe(options.recipe, process.cwd());
  const recipe = readRecipe(path);
  const makeView = viewOf(recipe, path);
  emit({ stage: 'augment', message: `views of ${recipe.method} on ${options.data ?? recipe.data}` });
  const { collection } = await openDataSet(options.data ?? recipe.data, { split: recipe.fit });
  try {
    const chosen = spread(collection.items.length, options.images);
    using pixels = await readPixels(collection, chosen, recipe, signal);
    const [, height = 0, width = 0, channels = 0] = pixels.shape;
    const view = makeView({ height, width, channels });
    const draw = (number: number): Tensor =>
      noGrad(() => view(pixels.permute([0, 3, 1, 2]), new Draws({ ...options, view: number, rows: chosen })));
    const views = scope(() => Array.from({ length: options.views }, (_, number) => draw(number)));
    const { png, isStretched } = await drawSheet(pixels, views);
    for (const shown of views) shown.dispose();
    const sheet = resolve(options.sheet);
    await writeFileAtomic(sheet, png);
    const images = Array.from(chosen, (index) => collection.items[index]?.path ?? '');
    return { sheet, recipe: path, method: recipe.method, images, views: options.views, isStretched };
  } finally {
    await collection.close();
  }
}

/** The random view of a recipe's training, of images [n, C, H, W]. */
function viewOf(recipe: Recipe, path: string): (shape: ImageShape) => Transform {
  const trainer = findTrainer(recipe.method);
  if (trainer === null) {
    throw new MusterError('augment.view', `${recipe.method} works on embeddings and changes no images`, {
      where: path,
      kind: 'usage',
      fix: 'take a recipe that trains a network',
    });
  }
  const { options } = planTrainer(trainer, { set: recipe.options });
  return (shape) => trainer.method.view(options, shape);
}

/** `count` places out of `length`, evenly spread. */
function spread(length: number, count: number): Int32Array {
  const number = Math.min(length, count);
  return Int32Array.from({ length: number }, (_, at) => Math.floor(((at + 0.5) * length) / number));
}

/** uint8 [n, H, W, C] of some images as the recipe reads them, the caller's. */
async function readPixels(
  collection: Collection,
  chosen: Int32Array,
  recipe: Recipe,
  signal: AbortSignal,
): Promise<Tensor> {
  const { rasters } = collection;
  const sources = Array.from(chosen, (index) => collection.source(index));
  const channels = recipe.channels ?? rasters?.channels ?? 3;
  const own = rasters ?? (recipe.size === undefined ? await sizeOfFirst(sources, signal) : { height: 0, width: 0 });
  const [height, width] = [recipe.size ?? own.height, recipe.size ?? own.width];
  const geometry = geometryOf(recipe, { height, width, channels });
  const options = { batch: sources.length, geometry, atLeast: 2 * Math.max(height, width), signal };
  for await (const { images, skipped } of loadBatches(sources, options)) {
    using planes = images;
    const [first] = skipped;
    if (first !== undefined) throw new MusterError(first.code, first.message);
    return scope(() => {
      const rows = planes.permute([0, 2, 3, 1]);
      return channels === 3 ? rows.clone({ memoryFormat: 'contiguous' }) : greyOf(rows);
    });
  }
  return torch.empty([0, height, width, channels], { dtype: 'uint8' });
}

async function sizeOfFirst(
  sources: Parameters<typeof loadImages>[0],
  signal: AbortSignal,
): Promise<{ height: number; width: number }> {
  for await (const found of loadImages(sources.slice(0, 1), ({ height, width }) => ({ height, width }), { signal })) {
    if (!found.ok) throw new MusterError(found.code, found.message);
    return found.value;
  }
  throw new MusterError('NO_IMAGES', 'there are no images');
}
