import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { noGrad } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { openSafetensors, writeSafetensors } from '@muster/torch/io';
import { MusterError } from '../base/index.ts';

/** Where a training stands: so many whole epochs, and so many steps of the next. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
}

/** A named file of a training's tensors; `fingerprint` tells trainings apart. */
export interface Checkpoint {
  readonly folder: string;
  readonly name: string;
  /** Text that is equal only for the same method, options, seed and data. */
  readonly fingerprint: string;
}

/** Writes the tensors and the position; the file appears whole or not at all. */
export function writeCheckpoint(
  { folder, name, fingerprint }: Checkpoint,
  state: ReadonlyMap<string, Tensor>,
  { epoch, step }: Position,
): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(fileOf(folder, name), state, { fingerprint, epoch: String(epoch), step: String(step) });
}

/**
 * Copies a checkpoint's tensors into `state`.
 *
 * @returns where the training stood, or undefined where there is no checkpoint
 * @throws MusterError `train.checkpoint` where the file belongs to another training
 */
export function readCheckpoint(
  { folder, name, fingerprint }: Checkpoint,
  state: ReadonlyMap<string, Tensor>,
): Position | undefined {
  const path = fileOf(folder, name);
  if (!existsSync(path)) return undefined;
  const file = openSafetensors(path);
  try {
    const { metadata } = file;
    if (metadata.get('fingerprint') !== fingerprint)
      throw foreign(path, 'it was made with other options, another seed or other data');
    for (const [key, tensor] of state) {
      if (!file.names.includes(key)) throw foreign(path, `it has no tensor ${key}`);
      const saved = file.get(key);
      if (saved.shape.join() !== tensor.shape.join())
        throw foreign(path, `${key} is ${saved.toString()}, not ${tensor.toString()}`);
      noGrad(() => tensor.copy_(saved));
      saved.dispose();
    }
    return { epoch: Number(metadata.get('epoch')), step: Number(metadata.get('step')) };
  } finally {
    file.close();
  }
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}.safetensors`);
}

function foreign(path: string, why: string): MusterError {
  return new MusterError('train.checkpoint', `The checkpoint does not belong to this training: ${why}`, {
    where: path,
    fix: 'use another checkpoint folder or remove the file',
    kind: 'usage',
  });
}
