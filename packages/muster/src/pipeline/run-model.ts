import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as torch from '@muster/torch';
import { noGrad, scope, type Device, type Tensor } from '@muster/torch';
import { readSafetensors, writeSafetensors } from '@muster/torch/io';
import { z } from 'zod';
import { MusterError } from '../base/index.ts';
import { unitRows } from '../cluster/index.ts';
import { findMethod, needsImages, type Fitted, type ImageFitted } from '../methods/index.ts';
import { findPretraining, type Pretrained } from '../pretraining/index.ts';
import { marginConfidence } from '../quality/index.ts';
import { writeFileAtomic } from '../store/index.ts';

/** What a run keeps to give groups to further images. */
export interface RunModel extends Disposable {
  /** What `label` takes: embeddings of the run's backbone, or pixels of the size that the run was trained on. */
  readonly needs: 'embeddings' | 'images';
  /** Groups it may give: the run's own, then those that no image of the run was in. */
  readonly groups: number;
  /** (N, D) embeddings, or uint8 (N, H, W, C) -> group of each row as the run numbers them, from 0; -1: in none. */
  label(rows: Tensor): RunLabels;
  /** Writes it into a folder, which exists; `model.json` last. */
  save(folder: string): Promise<void>;
}

/** Groups of rows. */
export interface RunLabels {
  readonly labels: Int32Array;
  /** 0..1 a row; null where none is claimed. */
  readonly confidence: Float32Array | null;
}

const modelFile = 'model.json';
const centresFile = 'centres.safetensors';
/** Rows labelled at a time. */
const chunk = 8192;

/** Centres of spherical k-means on rows from which a mean was taken. */
export class CentresModel implements RunModel {
  readonly needs = 'embeddings';
  readonly groups: number;
  readonly #mean: Tensor; // (1, D)
  readonly #centres: Tensor; // (K, D) unit rows

  /** Takes both over. */
  constructor(mean: Tensor, centres: Tensor) {
    this.#mean = mean;
    this.#centres = centres;
    this.groups = centres.shape[0] ?? 0;
  }

  label(embeddings: Tensor): RunLabels {
    const [n = 0] = embeddings.shape;
    const labels = new Int32Array(n);
    if (this.groups < 2) return { labels, confidence: null };
    const confidence = new Float32Array(n);
    for (let start = 0; start < n; start += chunk) {
      scope(() =>
        noGrad(() => {
          const rows = unitRows(embeddings.narrow(0, start, Math.min(chunk, n - start)).sub(this.#mean));
          const nearest = rows.mm(this.#centres.t()).argmax(1).toNumbers();
          labels.set(nearest, start);
          confidence.set(marginConfidence(rows, this.#centres), start);
        }),
      );
    }
    return { labels, confidence };
  }

  async save(folder: string): Promise<void> {
    const tensors = new Map([
      ['mean', this.#mean],
      ['centres', this.#centres],
    ]);
    writeSafetensors(join(folder, centresFile), tensors);
    await writeFileAtomic(join(folder, modelFile), `${JSON.stringify({ format: 1, kind: 'centres' })}\n`);
  }

  static load(folder: string): CentresModel {
    const tensors = readSafetensors(join(folder, centresFile));
    const take = (name: string): Tensor => {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw damaged(folder, `${centresFile} lacks ${name}`);
      const own = tensor.clone(); // in the engine's own memory, where products do not depend on the file's alignment
      tensor.dispose();
      return own;
    };
    return new CentresModel(take('mean'), take('centres'));
  }

  [Symbol.dispose](): void {
    this.#mean.dispose();
    this.#centres.dispose();
  }
}

/** A fitted method whose groups the run has numbered anew. */
export class MethodModel implements RunModel {
  readonly needs: RunModel['needs'];
  readonly groups: number;
  readonly #fitted: Fitted;
  /** For each group of the run the method's own number. */
  readonly #order: readonly number[];
  readonly #names: ReadonlyMap<number, number>;

  /** @param order every group of the method once. Takes the fit over */
  constructor(fitted: Fitted, order: readonly number[]) {
    this.needs = 'embed' in fitted ? 'images' : 'embeddings';
    this.#fitted = fitted;
    this.#order = order;
    this.#names = new Map(order.map((own, name) => [own, name]));
    this.groups = order.length;
  }

  label(rows: Tensor): RunLabels {
    const { labels, confidence } = this.#fitted.label(rows);
    const renamed = labels.map((own) => this.#names.get(own) ?? -1);
    return { labels: renamed, confidence: this.groups > 1 ? confidence : null };
  }

  async save(folder: string): Promise<void> {
    this.#fitted.save(folder);
    const content = { format: 1, kind: 'method', method: this.#fitted.method, order: this.#order };
    await writeFileAtomic(join(folder, modelFile), `${JSON.stringify(content)}\n`);
  }

  [Symbol.dispose](): void {
    this.#fitted.dispose();
  }
}

/** Writes the network of a pretraining into a folder, which exists; `model.json` last. */
export async function saveBackbone(pretrained: Pretrained, folder: string): Promise<void> {
  pretrained.save(folder);
  const content = { format: 1, kind: 'backbone', pretraining: pretrained.pretraining };
  await writeFileAtomic(join(folder, modelFile), `${JSON.stringify(content)}\n`);
}

const stored = z.discriminatedUnion('kind', [
  z.object({ format: z.literal(1), kind: z.literal('centres') }),
  z.object({
    format: z.literal(1),
    kind: z.literal('method'),
    method: z.string(),
    order: z.array(z.int().min(0)).min(1),
  }),
  z.object({ format: z.literal(1), kind: z.literal('backbone'), pretraining: z.string() }),
]);
type Stored = z.infer<typeof stored>;

/**
 * Reads the model of a run.
 * @param folder the run's `model` folder
 * @throws MusterError `run.model` where there is none or it is damaged, `method.folder`
 */
export function loadRunModel(folder: string): RunModel {
  const content = readModel(folder);
  const path = join(folder, modelFile);
  if (content.kind === 'centres') return CentresModel.load(folder);
  if (content.kind === 'backbone') {
    throw new MusterError('run.model', `the run made a backbone (${content.pretraining}), and no groups`, {
      where: path,
      kind: 'usage',
      fix: 'find groups on its embeddings: muster cluster IMAGES --backbone RUN',
    });
  }
  const fitted = findMethod(content.method).load(folder);
  if (fitted.groups === content.order.length) return new MethodModel(fitted, content.order);
  fitted.dispose();
  throw damaged(path, `it numbers ${content.order.length} groups, the fit has ${fitted.groups}`);
}

/**
 * Reads the network of a run that trained one on images.
 *
 * @param folder the run's `model` folder
 * @throws MusterError `run.model` where the run trained none
 */
export function loadRunNetwork(folder: string, device: Device = 'cpu'): Pretrained | ImageFitted {
  const content = readModel(folder);
  if (content.kind === 'backbone') {
    const pretraining = findPretraining(content.pretraining);
    if (pretraining !== undefined) return pretraining.load(folder, device);
  } else if (content.kind === 'method') {
    const method = findMethod(content.method);
    if (needsImages(method)) return method.load(folder, device);
  }
  throw new MusterError('run.model', 'the run trained no network on images', {
    where: folder,
    kind: 'usage',
    fix: 'give a run of muster train with a method or pretraining on images',
  });
}

function readModel(folder: string): Stored {
  const path = join(folder, modelFile);
  if (!existsSync(path)) throw damaged(path, 'the run keeps no model');
  const read = stored.safeParse(parseJson(path));
  if (read.success) return read.data;
  throw damaged(path, `it is damaged (${z.prettifyError(read.error).replaceAll('\n', ' ')})`);
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw damaged(path, 'it is no JSON', error);
  }
}

function damaged(where: string, what: string, cause?: unknown): MusterError {
  return new MusterError('run.model', what, { where, cause, fix: 'run muster cluster again' });
}

/** A tensor of these values. */
export function rowsOf(values: Float32Array, width: number): Tensor {
  return torch.tensor(values, [values.length / width, width]);
}
