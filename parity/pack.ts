import { join, resolve } from 'node:path';
import { openSafetensors } from '@muster/torch/io';
import type { SafetensorsFile } from '@muster/torch/io';
import type { PackAccess, TensorSource } from './case.ts';

/** Folder that a case's `weightsFile` starts from, whichever folder the pack is in. */
const WEIGHTS_FOLDER = resolve(import.meta.dirname, '..', '..', 'shared', 'parity');

/** An opened pack: every safetensors file is mapped once, when a case first needs it. */
export class Pack implements PackAccess, Disposable {
  readonly folder: string;
  readonly weightsFolder = WEIGHTS_FOLDER;
  private readonly files = new Map<string, SafetensorsFile>();

  constructor(folder: string) {
    this.folder = resolve(folder);
  }

  open(path: string): TensorSource {
    const absolute = resolve(path);
    let file = this.files.get(absolute);
    if (file === undefined) {
      file = openSafetensors(absolute);
      this.files.set(absolute, file);
    }
    return file;
  }

  /** Path of the manifest, for messages. */
  get manifest(): string {
    return join(this.folder, 'manifest.json');
  }

  [Symbol.dispose](): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
  }
}
