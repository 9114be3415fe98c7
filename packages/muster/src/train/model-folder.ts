import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensor } from '@muster/torch';
import { readSafetensors, writeFileAtomically, writeSafetensors } from '@muster/torch/io';
import { z } from 'zod';
import { errorMessage, MusterError } from '../base/index.ts';

/** A model as it is kept in a folder. */
export interface StoredModel {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Plain JSON values. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Numbers that are known: without those that are undefined, NaN or infinite, which JSON has no place for. */
export function knownNumbers(values: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const known = Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1]));
  return Object.fromEntries(known);
}

/** Makes an error about a folder's description. */
type Refuse = (why: string, cause?: unknown) => MusterError;

/** Writes `<name>.safetensors` and then `<name>.json`, each whole or not at all, into a folder, which is made if needed. */
export function writeModelFolder(
  folder: string,
  name: string,
  tensors: ReadonlyMap<string, Tensor>,
  description: object,
): void {
  mkdirSync(folder, { recursive: true });
  writeSafetensors(join(folder, `${name}.safetensors`), tensors);
  const bytes = new TextEncoder().encode(`${JSON.stringify(description, null, 2)}\n`);
  writeFileAtomically(join(folder, `${name}.json`), (append) => append(bytes));
}

/**
 * Reads what {@link writeModelFolder} wrote.
 *
 * @returns the tensors, the caller's; the description; and how to refuse it where it does not fit after all
 * @throws MusterError `method.folder` where it is missing or damaged
 */
export function readModelFolder<Description>(
  folder: string,
  name: string,
  schema: z.ZodType<Description>,
): { tensors: Map<string, Tensor>; description: Description; refuse: Refuse } {
  const path = join(folder, `${name}.json`);
  const refuse: Refuse = (why, cause) =>
    new MusterError('method.folder', why, { where: path, cause, fix: 'fit the method again' });
  if (!existsSync(path)) throw refuse('There is no fitted method in this folder');
  const parsed = schema.safeParse(parseJson(readFileSync(path, 'utf8'), refuse));
  if (!parsed.success) throw refuse(`The file is damaged: ${z.prettifyError(parsed.error)}`);
  const tensors = new Map<string, Tensor>();
  for (const [key, tensor] of readSafetensors(join(folder, `${name}.safetensors`))) {
    // A copy in the engine's own memory: products depend on how the file's tensors happen to be aligned.
    tensors.set(key, tensor.clone());
    tensor.dispose();
  }
  return { tensors, description: parsed.data, refuse };
}

function parseJson(text: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(`The file is damaged: ${errorMessage(error)}`, error);
  }
}
