import type { MusterError } from '../base/index.ts';
import { errorMessage } from '../base/index.ts';
import { rasterError } from '../formats/index.ts';
import type { ReadableKind } from './sniff.ts';

const cut =
  /premature end|truncat|unexpected end|end of (file|stream|image)|not enough (image )?data|read error on|too few|short (read|data)|missing (IEND|EOI)/i;

/** Turns what the decoder threw into a `MusterError` with a stable code that names the file. */
export function decoderError(error: unknown, bytes: Uint8Array, kind: ReadableKind, name: string): MusterError {
  const message = firstLine(errorMessage(error));
  if (/timeout/i.test(message)) return rasterError('TIMEOUT', 'took too long to decode', name);
  if (/exceeds (pixel )?limit|too large|too big|maximum/i.test(message))
    return rasterError('TOO_LARGE', `is refused by its decoder: ${message}`, name);
  if (/out of memory|cannot allocate|unable to (m?alloc|allocate)/i.test(message))
    return rasterError('MEMORY', 'does not fit into memory', name);
  if (endIsMissing(bytes, kind) || cut.test(message))
    return rasterError('TRUNCATED', `ends before its picture does (${message})`, name);
  return rasterError('DECODE', `is a damaged ${kind.toUpperCase()} (${message})`, name);
}

/** Whether the mark that closes a file of this kind is not there. */
function endIsMissing(bytes: Uint8Array, kind: ReadableKind): boolean {
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).subarray(-64 * 1024);
  if (kind === 'jpeg') return !tail.includes(Buffer.from([0xff, 0xd9]));
  if (kind === 'png') return !tail.includes('IEND');
  if (kind === 'gif') return !tail.includes(0x3b);
  if (kind === 'webp')
    return bytes.length < 12 || Buffer.from(bytes.buffer, bytes.byteOffset, 12).readUInt32LE(4) + 8 > bytes.length;
  return false;
}

function firstLine(message: string): string {
  const line = message.replace(/^Input (buffer|file) (has corrupt header: |contains )?/, '');
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}
