import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { MusterError } from '../../base/index.ts';
import { looksLikeTar } from '../../formats/index.ts';
import { fileError, sniff } from '../../image/index.ts';
import { pathText } from '../path-text.ts';
import { looksLikeManifest } from './manifest.ts';

/**
 * What a path that a user names is, by its content.
 *
 * @throws MusterError `NO_INPUT`, `NOT_COLLECTION`, `SPECIAL`, or a file code
 */
export async function inputKind(path: string): Promise<'folder' | 'archive' | 'manifest'> {
  const root = pathText(Buffer.from(path));
  const found = await stat(path).catch((error: unknown) => {
    const refusal = fileError(error, root);
    if (refusal.code !== 'VANISHED') throw refusal;
    throw new MusterError('NO_INPUT', 'there is no such folder or file', { where: root, fix: 'check the path' });
  });
  if (found.isDirectory()) return 'folder';
  if (!found.isFile()) throw new MusterError('SPECIAL', 'is neither a folder nor a regular file', { where: root });
  const start = await firstBytes(path, root);
  if (looksLikeTar(start) || (start[0] === 0x1f && start[1] === 0x8b)) return 'archive';
  if (looksLikeManifest(start)) return 'manifest';
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
