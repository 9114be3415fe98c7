import * as torch from '@muster/torch';
import { noGrad, scope } from '@muster/torch';
import type { Device, Tensor } from '@muster/torch';
import { z } from 'zod';
import type { MusterError } from '../../base/index.ts';
import { readModelFolder, writeModelFolder } from '../../train/index.ts';
import type { StoredModel } from '../../train/index.ts';
import type { Assignment, EmbeddingFitted, Labelling, Model, Usage, WordReading } from './types.ts';

/** Numbers of a block of embeddings and of its probabilities. */
const BLOCK_NUMBERS = 1 << 22;
const NAME = 'fitted';
const MODEL = 'model.';
const OWN_LABELS = 'own.labels';
const OWN_CONFIDENCE = 'own.confidence';

/** What is kept of a fit beside its model. */
export interface FittedParts {
  readonly method: string;
  readonly groups: number;
  readonly own: Labelling;
  readonly usage: Usage;
  readonly values: Readonly<Record<string, number>>;
  readonly words: readonly string[];
}

/** A model with its bookkeeping. */
export class FittedModel implements EmbeddingFitted {
  readonly method: string;
  readonly groups: number;
  readonly own: Labelling;
  readonly usage: Usage;
  readonly values: Readonly<Record<string, number>>;
  readonly words: readonly string[];
  readonly isHead: boolean;
  readonly reading: WordReading | null;
  private readonly model: Model;
  private readonly device: Device;

  constructor(parts: FittedParts, model: Model, device: Device) {
    this.method = parts.method;
    this.groups = parts.groups;
    this.own = parts.own;
    this.usage = parts.usage;
    this.values = parts.values;
    this.words = parts.words;
    this.isHead = model.isHead ?? false;
    this.reading = model.reading ?? null;
    this.model = model;
    this.device = device;
  }

  assign(embeddings: Tensor): Assignment {
    const probabilities = torch.empty([embeddings.shape[0] ?? 0, this.groups], { dtype: 'float32' });
    const labelling = labelRows(this.model, this.groups, embeddings, this.device, probabilities);
    return { ...labelling, probabilities };
  }

  label(embeddings: Tensor): Labelling {
    return labelRows(this.model, this.groups, embeddings, this.device);
  }

  save(folder: string): void {
    saveFitted(folder, this, this.model.store());
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** Groups of rows, a block at a time; the probabilities are written into `into` where it is given. */
export function labelRows(model: Model, groups: number, embeddings: Tensor, device: Device, into?: Tensor): Labelling {
  const [n = 0, width = 1] = embeddings.shape;
  const labels = new Int32Array(n);
  const confidence = new Float32Array(n);
  const rows = Math.max(1, Math.floor(BLOCK_NUMBERS / Math.max(width, groups)));
  for (let start = 0; start < n; start += rows) {
    scope(() =>
      noGrad(() => {
        const block = embeddings.narrow(0, start, Math.min(rows, n - start));
        const p = model.probabilities(device === 'cpu' ? block : block.to({ device }));
        const [top, group] = p.max(1);
        const inside = group.maskedFill(top.le(0), -1).to('int32');
        labels.set(inside.toTypedArray() as Int32Array, start);
        confidence.set(top.toFloat32Array(), start);
        into?.narrow(0, start, p.shape[0] ?? 0).copy_(p);
      }),
    );
  }
  return { labels, confidence };
}

const storedSchema = z.object({
  format: z.literal(1),
  method: z.string(),
  groups: z.int().min(1),
  usage: z.object({
    sizes: z.array(z.int()),
    occupied: z.int(),
    effective: z.number(),
    outside: z.int(),
    collapsed: z.boolean(),
  }),
  values: z.record(z.string(), z.number()),
  words: z.array(z.string()),
  settings: z.record(z.string(), z.unknown()),
});

/** Writes a fit and its model into a folder, as {@link readFitted} reads it. */
export function saveFitted(folder: string, parts: FittedParts, { tensors, settings }: StoredModel): void {
  const { method, groups, own, usage, values, words } = parts;
  scope(() => {
    const all = new Map([
      ...[...tensors].map(([name, tensor]) => [`${MODEL}${name}`, tensor] as const),
      [OWN_LABELS, torch.tensor(own.labels)],
      [OWN_CONFIDENCE, torch.tensor(own.confidence)],
    ]);
    writeModelFolder(folder, NAME, all, { format: 1, method, groups, usage, values, words, settings });
  });
}

/**
 * Reads what {@link saveFitted} wrote.
 *
 * @throws MusterError `method.folder` where it is missing, damaged, or another method's
 */
export function readFitted<M>(
  folder: string,
  method: string,
  restore: (stored: StoredModel) => M,
): { parts: FittedParts; model: M } {
  const { tensors: all, description, refuse } = readModelFolder(folder, NAME, storedSchema);
  const { settings, ...parts } = description;
  if (parts.method !== method) throw refuse(`It holds a fit of ${parts.method}, not of ${method}`);
  const own = {
    labels: takeOwn(all, OWN_LABELS, Int32Array, refuse),
    confidence: takeOwn(all, OWN_CONFIDENCE, Float32Array, refuse),
  };
  const tensors = new Map([...all].map(([name, tensor]) => [name.slice(MODEL.length), tensor]));
  return { parts: { ...parts, own }, model: restore({ tensors, settings }) };
}

/** The values of a tensor that is no part of the model; it is taken out. */
function takeOwn<T extends Int32Array | Float32Array>(
  tensors: Map<string, Tensor>,
  name: string,
  kind: new (length: number) => T,
  refuse: (why: string) => MusterError,
): T {
  const tensor = tensors.get(name);
  const values = tensor?.toTypedArray();
  tensor?.dispose();
  tensors.delete(name);
  if (!(values instanceof kind)) throw refuse(`${name} is missing`);
  return values;
}
