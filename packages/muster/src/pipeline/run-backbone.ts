import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noGrad, scope, type Tensor } from '@muster/torch';
import { MusterError, suggestName } from '../base/index.ts';
import { centreSquare, wholeImage, type Geometry } from '../image/index.ts';
import type { ImageFitted } from '../methods/index.ts';
import {
  backbones,
  fileSha256,
  openBackbone,
  openResNet,
  type Backbone,
  type BackboneDescription,
} from '../models/index.ts';
import type { Pretrained } from '../pretraining/index.ts';
import { findRun, modelFolder } from '../store/index.ts';
import { backboneNames } from './backbone-names.ts';
import { greyOf } from './pixel-form.ts';
import { loadRunNetwork } from './run-model.ts';
import type { TrainingConfig } from './training-config.ts';
import { readTraining } from './training-folder.ts';
import { readWeightsBackbone } from './weights-backbone.ts';

/** Start of the id of a backbone that a run trained. */
const runPrefix = 'run-';
/** Images that the network is given at a time; it makes blocks of its own. */
const batchImages = 256;

/** Names of the default backbone. */
export const embeddedNames: readonly string[] = ['embedded', 'efficientnet-lite0'];

/** Which backbone a saved run was made with. */
export interface SavedBackbone {
  readonly id: string;
  readonly dtype: 'float32' | 'bfloat16';
  readonly weights?: { readonly source: string } | undefined;
}

/**
 * The backbone a user names: nothing or `embedded`, another of the list, weights in a file (`resnet18:FILE`), or a run that trained a network on images.
 *
 * @throws MusterError `models.backbone` where there is neither a backbone nor a run of this name, `store.no-run`, `run.model`,
 * `models.no-weights`, `models.weights`
 */
export async function chooseBackbone(name: string | undefined): Promise<Backbone> {
  if (name === undefined || embeddedNames.includes(name)) return openBackbone();
  if (isListed(name)) return openBackbone(name);
  const file = readWeightsBackbone(name);
  return await (file === null ? openRunBackbone(await findNamed(name)) : openResNet(file));
}

function isListed(id: string): boolean {
  return backbones.some((family) => family.id === id);
}

async function findNamed(name: string): Promise<string> {
  try {
    return await findRun(name, process.cwd());
  } catch (error) {
    const isNothing = error instanceof MusterError && error.code === 'store.no-run' && !existsSync(name);
    if (!isNothing || name === 'latest') throw error;
    throw new MusterError('models.backbone', `there is no backbone ${name}, and no run`, {
      where: '--backbone',
      kind: 'usage',
      fix: `${suggestName(name, backboneNames)}, or give the path of a run that trained a network on images`,
    });
  }
}

/** The backbone for further images of a run: the one that it was made with; where there is none of its name now, the default one. */
export async function backboneForMore(saved: SavedBackbone | undefined): Promise<Backbone> {
  const isInFile = readWeightsBackbone(saved?.weights?.source ?? '') !== null;
  if (saved !== undefined && (isOfRun(saved) || isInFile)) return await reopenBackbone(saved);
  return openBackbone(saved !== undefined && isListed(saved.id) ? saved.id : undefined);
}

/** The backbone that a saved run was made with. @throws MusterError `run.model` where it was a run that is gone, `models.no-weights` */
export async function reopenBackbone({ id, dtype, weights }: SavedBackbone): Promise<Backbone> {
  const { source = '' } = weights ?? {};
  if (isOfRun({ id })) return await openRunBackbone(source);
  const file = readWeightsBackbone(source);
  return file === null ? openBackbone(id, { dtype }) : await openResNet(file);
}

/**
 * The network of a run as a backbone. It embeds square images of the size that it was trained on.
 *
 * @param folder of the run
 * @throws MusterError `run.model` where it trained no network on images, or not on square ones
 */
export async function openRunBackbone(folder: string): Promise<Backbone> {
  const model = join(folder, modelFolder);
  const config = readTraining(folder);
  if (config === null || !existsSync(model)) {
    throw new MusterError('run.model', 'there is no run here that trained a network on images', {
      where: folder,
      kind: 'usage',
      fix: 'give a run of muster train with a method or pretraining on images',
    });
  }
  const { shape } = config;
  if (shape === undefined || shape.height !== shape.width) {
    throw new MusterError('run.model', 'it was trained on images that are not square', {
      where: folder,
      kind: 'usage',
      fix: 'train it on square ones (--size)',
    });
  }
  const file = ['fitted', 'pretrained']
    .map((name) => join(model, `${name}.safetensors`))
    .find((path) => existsSync(path));
  const sha256 = file === undefined ? '' : await fileSha256(file);
  return new RunBackbone(
    folder,
    config,
    { size: shape.height, channels: shape.channels, sha256 },
    loadRunNetwork(model),
  );
}

/** Whether groups of a backbone's embeddings can be named. */
export function knowsWords({ id }: { readonly id: string }): boolean {
  return backbones.some((family) => family.id === id && family.knowsWords);
}

/** Whether a backbone is one that a run trained. */
function isOfRun({ id }: { readonly id: string }): boolean {
  return id.startsWith(runPrefix);
}

/** The least side that pictures may be decoded at for a backbone; undefined: they are needed in their own size. */
export function leastSideOf({ preprocessing }: Backbone): number | undefined {
  return preprocessing.crop === undefined ? 2 * preprocessing.resize : undefined;
}

/** How pictures are brought to what a backbone takes. */
export function geometryOfBackbone({ inputSize, preprocessing }: Backbone): Geometry {
  const { interpolation, resize, crop, keeps = 'centre' } = preprocessing;
  if (crop !== undefined) return { ...wholeImage(inputSize, interpolation), crop, order: 'crop-resize' };
  return keeps === 'whole' ? wholeImage(inputSize, interpolation) : centreSquare(inputSize, interpolation, resize);
}

interface Facts {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly sha256: string;
}

class RunBackbone implements Backbone {
  readonly id: string;
  readonly dimension: number;
  readonly inputSize: number;
  readonly batchSize = batchImages;
  readonly preprocessing: Backbone['preprocessing'];
  readonly classifier = null;
  readonly #network: Pretrained | ImageFitted;
  readonly #channels: 1 | 3;
  readonly #about: Pick<BackboneDescription, 'title' | 'weights'>;

  constructor(
    folder: string,
    config: TrainingConfig,
    { size, channels, sha256 }: Facts,
    network: Pretrained | ImageFitted,
  ) {
    this.id = `${runPrefix}${basename(folder)}`;
    this.dimension = network.dimension;
    this.inputSize = size;
    const { filter: interpolation, resize: keeps } = config.pixels;
    // Values are scaled by the network itself.
    this.preprocessing = { inputSize: size, resize: size, interpolation, keeps, mean: [0, 0, 0], std: [1, 1, 1] };
    this.#network = network;
    this.#channels = channels;
    const trainedOn = basename(config.source);
    const weights = { source: folder, sourceSha256: sha256, trainedOn, licence: 'that of its images' };
    this.#about = { title: `${config.methodId} trained on ${trainedOn}`, weights };
  }

  embed(pixels: Tensor): Tensor {
    return noGrad(() =>
      scope(() => {
        const isFirst = pixels.shape[1] === 3 && pixels.shape[3] === this.inputSize;
        const rows = isFirst ? pixels.permute([0, 2, 3, 1]) : pixels; // (n, size, size, 3)
        return this.#network.embed(this.#channels === 1 ? greyOf(rows) : rows.contiguous());
      }),
    );
  }

  logits(): Tensor {
    throw new MusterError('models.classifier', `the backbone ${this.id} has no classifier`, { kind: 'internal' });
  }

  describe(): BackboneDescription {
    const { id, dimension, preprocessing } = this;
    return { id, dimension, dtype: 'float32', preprocessing, ...this.#about };
  }

  dispose(): void {
    this.#network.dispose();
  }
}
