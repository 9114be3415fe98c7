import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { MusterError } from '../base/index.ts';
import { looksLikeTar } from '../formats/index.ts';
import { fileError, sniff } from '../image/index.ts';
import type { Collection } from './collection.ts';
import { openFolder } from './folder.ts';
import type { FolderOptions } from './folder.ts';
import { pathText } from './path-text.ts';
import { openTar } from './tar.ts';
import type { TarOptions } from './tar.ts';

/** Options of both kinds of collection; each takes its own. */
export type OpenOptions = FolderOptions & TarOptions;

/**
 * Opens what a user names as input: a folder, a .tar or a .tar.gz.
 *
 * @throws MusterError `NO_INPUT`, `NOT_COLLECTION`, or what {@link openFolder} and {@link openTar} throw
 */
export async function openCollection(path: string, options: OpenOptions = {}): Promise<Collection> {
  const root = pathText(Buffer.from(path));
  const found = await stat(path).catch((error: unknown) => {
    const refusal = fileError(error, root);
    if (refusal.code !== 'VANISHED') throw refusal;
    throw new MusterError('NO_INPUT', 'there is no such folder or file', { where: root, fix: 'check the path' });
  });
  if (found.isDirectory()) return openFolder(path, options);
  if (!found.isFile()) throw new MusterError('SPECIAL', 'is neither a folder nor a regular file', { where: root });
  const start = await firstBytes(path, root);
  if (looksLikeTar(start) || (start[0] === 0x1f && start[1] === 0x8b)) return openTar(path, options);
  const fix =
    sniff(start) === 'unknown' ? 'give a folder, a .tar or a .tar.gz' : 'give the folder that holds the picture';
  throw new MusterError('NOT_COLLECTION', 'is neither a folder nor a tar archive', { where: root, fix });
}

async function firstBytes(path: string, root: string): Promise<Uint8Array> {
  try {
    await using handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw fileError(error, root);
  }
}
