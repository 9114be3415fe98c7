import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noGrad } from '@muster/torch';
import type { Tensor } from '@muster/torch';
import { openSafetensors, writeSafetensors } from '@muster/torch/io';
import { errorMessage, MusterError } from '../base/index.ts';
import type { TallySums } from './loss-tally.ts';

/** Where a training stands: so many whole epochs, and so many steps of the next. */
export interface Position {
  readonly epoch: number;
  readonly step: number;
  /** Mean loss of the last whole epoch. */
  readonly loss?: number;
  /** Losses of the epoch that was begun. */
  readonly sums?: TallySums;
}

/** A named file of a training's tensors; `fingerprint` tells trainings apart. */
export interface Checkpoint {
  readonly folder: string;
  readonly name: string;
  /** Text that is equal only for the same method, options, seed and data. */
  readonly fingerprint: string;
}

/** A checkpoint that was kept on request. */
export interface KeptCheckpoint {
  /** Name of the training. */
  readonly training: string;
  /** Whole epochs that were done. */
  readonly epoch: number;
  readonly path: string;
}

const EXTENSION = '.safetensors';
/** What the name of a kept one ends with. */
const KEPT = /-e(\d{4,})$/u;

/** Writes the tensors and the position; the file appears whole or not at all. */
export function writeCheckpoint(
  { folder, name, fingerprint }: Checkpoint,
  state: ReadonlyMap<string, Tensor>,
  { epoch, step, ...losses }: Position,
): void {
  mkdirSync(folder, { recursive: true });
  const metadata = { fingerprint, epoch: String(epoch), step: String(step), losses: JSON.stringify(losses) };
  writeSafetensors(fileOf(folder, name), state, metadata);
}

/** The same under a name that the next one does not replace: `<name>-e0010`. */
export function keepCheckpoint(checkpoint: Checkpoint, state: ReadonlyMap<string, Tensor>, position: Position): void {
  const name = `${checkpoint.name}-e${String(position.epoch).padStart(4, '0')}`;
  writeCheckpoint({ ...checkpoint, name }, state, position);
}

/**
 * Copies a checkpoint's tensors into `state`, and into `figures` those of them that the file has: files of earlier versions have none.
 *
 * @returns where the training stood, or undefined where there is no checkpoint
 * @throws MusterError `train.checkpoint` where the file belongs to another training
 */
export function readCheckpoint(
  { folder, name, fingerprint }: Checkpoint,
  state: ReadonlyMap<string, Tensor>,
  figures: ReadonlyMap<string, Tensor> = new Map(),
): Position | undefined {
  const path = fileOf(folder, name);
  return existsSync(path) ? readFile(path, state, { fingerprint, figures }) : undefined;
}

/**
 * As {@link readCheckpoint}, from any file whose tensors fit: the training goes its own way from there.
 *
 * @throws MusterError `train.checkpoint` where it is missing, holds other tensors, or stands in the middle of an epoch
 */
export function readBranch(path: string, state: ReadonlyMap<string, Tensor>): Position {
  if (!existsSync(path)) throw foreign(path, 'there is no such file');
  const position = readFile(path, state);
  if (position.step === 0) return position;
  throw foreign(path, 'it stands in the middle of an epoch, which other options would begin otherwise');
}

/** Name of the training that a checkpoint's file is of, kept or last. */
export function trainingOf(path: string): string {
  return basename(path, EXTENSION).replace(KEPT, '');
}

/** The checkpoints that were kept in a folder, by training and epoch; none where there is no folder. */
export function keptCheckpoints(folder: string): KeptCheckpoint[] {
  if (!existsSync(folder)) return [];
  const kept = readdirSync(folder).flatMap((file) => {
    const epoch = KEPT.exec(basename(file, EXTENSION))?.[1];
    if (epoch === undefined || file.startsWith('.') || !file.endsWith(EXTENSION)) return [];
    return [{ training: trainingOf(file), epoch: Number(epoch), path: join(folder, file) }];
  });
  return kept.sort((a, b) => (a.training < b.training ? -1 : a.training > b.training ? 1 : a.epoch - b.epoch));
}

/** Removes what writes of this checkpoint left that a killed process never ended. */
export function removeLeftovers({ folder, name }: Checkpoint): void {
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder))
    if (file.startsWith(`.${name}`) && file.endsWith('.part')) rmSync(join(folder, file), { force: true });
}

function readFile(
  path: string,
  state: ReadonlyMap<string, Tensor>,
  { fingerprint, figures = [] }: { fingerprint?: string; figures?: Iterable<[string, Tensor]> } = {},
): Position {
  const file = openSafetensors(path);
  try {
    const { metadata } = file;
    if (fingerprint !== undefined && metadata.get('fingerprint') !== fingerprint)
      throw foreign(path, 'it was made with other options, another seed or other data');
    const names = new Set(file.names);
    for (const [key, tensor] of state) {
      if (!names.has(key)) throw foreign(path, `it has no tensor ${key}`);
      const { shape } = file.info(key);
      if (shape.join() !== tensor.shape.join())
        throw foreign(path, `${key} is [${shape.join()}], not ${tensor.toString()}`);
    }
    // Only now: a state that is half read is none.
    for (const [key, tensor] of [...state, ...[...figures].filter(([name]) => names.has(name))]) {
      const saved = file.get(key);
      noGrad(() => tensor.copy_(saved));
      saved.dispose();
    }
    const losses = lossesOf(metadata.get('losses') ?? '{}', path);
    return { epoch: Number(metadata.get('epoch')), step: Number(metadata.get('step')), ...losses };
  } finally {
    file.close();
  }
}

function lossesOf(text: string, path: string): Pick<Position, 'loss' | 'sums'> {
  try {
    return JSON.parse(text) as Pick<Position, 'loss' | 'sums'>; // written by writeCheckpoint, under the same fingerprint
  } catch (error) {
    throw foreign(path, `its losses cannot be read (${errorMessage(error)})`);
  }
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}${EXTENSION}`);
}

function foreign(path: string, why: string): MusterError {
  return new MusterError('train.checkpoint', `The checkpoint does not belong to this training: ${why}`, {
    where: path,
    fix: 'use another checkpoint folder or remove the file',
    kind: 'usage',
  });
}
