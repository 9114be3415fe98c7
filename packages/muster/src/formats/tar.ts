import { MusterError, withLimits } from '../base/index.ts';
import type { Limits } from '../base/index.ts';
import type { RandomAccess } from './random-access.ts';

/** A regular file inside an archive: where its content lies. */
export interface TarEntry {
  /** The name as stored: bytes, `/` between folders, no leading `./`. */
  readonly name: Uint8Array;
  /** Where the content starts in the (unpacked) archive. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Seconds since 1970, whole. */
  readonly mtime: number;
}

/** A member that is no usable file, and why. */
export interface TarRefusal {
  readonly name: Uint8Array;
  readonly code: 'LINK' | 'SPECIAL' | 'NAME' | 'UNSUPPORTED';
  readonly message: string;
}

/** What an archive holds, in the order of the archive; of members with one name, the last counts. */
export interface TarIndex {
  readonly entries: readonly TarEntry[];
  readonly refusals: readonly TarRefusal[];
}

const BLOCK = 512;
const WINDOW = 256 * 1024;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

interface Header {
  name: Uint8Array;
  size: number;
  mtime: number;
  type: string;
}

interface Overrides {
  path?: Uint8Array | undefined;
  size?: number | undefined;
  mtime?: number | undefined;
  sparse?: boolean | undefined;
}

/**
 * Lists a tar archive without reading the members' contents: ustar, pax (path, size, mtime), GNU long names and
 * base-256 numbers. Links, devices, sparse files and names that leave the archive are refused one by one.
 *
 * @param name what to call the archive in errors
 * @throws MusterError `NOT_ARCHIVE`, `TRUNCATED`, `TOO_LARGE`
 * @source POSIX.1-2001 pax interchange format; GNU tar manual, "Basic Tar Format"
 */
export async function indexTar(source: RandomAccess, name: string, changes: Partial<Limits> = {}): Promise<TarIndex> {
  const bounds = withLimits(changes);
  const reader = new BlockReader(source, name);
  const byName = new Map<string, TarEntry>();
  const refusals: TarRefusal[] = [];
  const global: Overrides = {};
  let local: Overrides = {};
  let position = 0;
  let members = 0;
  for (;;) {
    const block = await reader.block(position);
    if (block === undefined || isZero(block)) {
      if (block === undefined && position === 0) throw notTar(name, 'it has no bytes');
      break;
    }
    const header = readHeader(block, name, position);
    const content = position + BLOCK;
    const size = contentSize(header, local);
    const next = content + Math.ceil(size / BLOCK) * BLOCK;
    if (content + size > source.sizeBytes) throw truncated(name, source.sizeBytes);
    if (++members > bounds.entries) {
      throw new MusterError('TOO_LARGE', `holds more than ${bounds.entries} members`, { where: name });
    }
    if (isMeta(header.type)) {
      if (size > bounds.archiveNameBytes * 16) throw notTar(name, `a name record of ${size} bytes`);
      const target = header.type === 'g' ? global : local;
      await readMeta(reader, header.type, content, size, target, name);
    } else {
      const settings = { ...global, ...local };
      const path = stripDots(settings.path ?? header.name);
      const refusal = refuse(header.type, path, settings, bounds);
      if (refusal !== undefined) refusals.push(refusal);
      else if (isRegular(header.type, path)) {
        const key = latin1(path);
        byName.delete(key);
        byName.set(key, { name: path, offset: content, sizeBytes: size, mtime: settings.mtime ?? header.mtime });
      }
      local = {};
    }
    position = next;
  }
  return { entries: [...byName.values()], refusals };
}

/** Whether the first bytes look like a tar archive: a header whose checksum fits. */
export function looksLikeTar(start: Uint8Array): boolean {
  return start.length >= BLOCK && !isZero(start.subarray(0, BLOCK)) && hasChecksum(start.subarray(0, BLOCK));
}

class BlockReader {
  private window: Uint8Array = new Uint8Array(0);
  private start = 0;
  private readonly source: RandomAccess;
  private readonly name: string;

  constructor(source: RandomAccess, name: string) {
    this.source = source;
    this.name = name;
  }

  /** 512 bytes at a position; undefined exactly at the end. */
  async block(position: number): Promise<Uint8Array | undefined> {
    if (position === this.source.sizeBytes) return undefined;
    if (position + BLOCK > this.source.sizeBytes) throw truncated(this.name, this.source.sizeBytes);
    return this.bytes(position, BLOCK);
  }

  async bytes(position: number, length: number): Promise<Uint8Array> {
    if (position < this.start || position + length > this.start + this.window.length) {
      const wanted = Math.min(Math.max(length, WINDOW), this.source.sizeBytes - position);
      this.window = await this.source.read(position, wanted);
      this.start = position;
      if (this.window.length < length) throw truncated(this.name, this.source.sizeBytes);
    }
    return this.window.subarray(position - this.start, position - this.start + length);
  }
}

function readHeader(block: Uint8Array, name: string, position: number): Header {
  if (!hasChecksum(block)) {
    if (position === 0) throw notTar(name, 'its first header is not one');
    throw new MusterError('TRUNCATED', `is damaged: no member header at byte ${position}`, {
      where: name,
      fix: 'bring it anew, or unpack what can be saved and give the folder',
    });
  }
  const magic = latin1(block.subarray(257, 263));
  const prefix = magic === 'ustar\0' ? cString(block.subarray(345, 500)) : new Uint8Array(0);
  const own = cString(block.subarray(0, 100));
  const size = readNumber(block.subarray(124, 136));
  if (size === undefined) throw notTar(name, `the member at byte ${position} has no valid size`);
  return {
    name: prefix.length === 0 ? own : concat(prefix, encoder.encode('/'), own),
    size,
    mtime: readNumber(block.subarray(136, 148)) ?? 0,
    type: String.fromCharCode(block[156] ?? 0),
  };
}

async function readMeta(
  reader: BlockReader,
  type: string,
  offset: number,
  size: number,
  target: Overrides,
  name: string,
): Promise<void> {
  const bytes = (await reader.bytes(offset, size)).slice();
  if (type === 'L') target.path = cString(bytes);
  if (type !== 'x' && type !== 'g') return;
  for (const [key, value] of paxRecords(bytes, name)) {
    const text = decoder.decode(value);
    if (key === 'path') target.path = value;
    else if (key === 'size') target.size = decimal(text, name);
    else if (key === 'mtime') target.mtime = Math.floor(Number(text)) || 0;
    else if (key.startsWith('GNU.sparse.')) target.sparse = true;
  }
}

function* paxRecords(bytes: Uint8Array, name: string): Generator<[string, Uint8Array]> {
  let position = 0;
  while (position < bytes.length && bytes[position] !== 0) {
    const blank = bytes.indexOf(0x20, position);
    const length = blank < 0 ? Number.NaN : decimal(latin1(bytes.subarray(position, blank)), name);
    const end = position + length;
    const equals = bytes.indexOf(0x3d, blank);
    if (!(end <= bytes.length) || equals < 0 || equals >= end || bytes[end - 1] !== 0x0a) {
      throw notTar(name, 'a pax record is malformed');
    }
    yield [latin1(bytes.subarray(blank + 1, equals)), bytes.slice(equals + 1, end - 1)];
    position = end;
  }
}

function refuse(type: string, path: Uint8Array, settings: Overrides, bounds: Limits): TarRefusal | undefined {
  const say = (code: TarRefusal['code'], message: string): TarRefusal => ({ name: path, code, message });
  if (type === '1' || type === '2') return say('LINK', 'is a link inside the archive; links are not followed');
  if (type === '3' || type === '4' || type === '6') return say('SPECIAL', 'is a device or pipe');
  if (type === 'S' || settings.sparse === true) return say('UNSUPPORTED', 'is stored as a sparse file');
  if (type === '5') return undefined;
  if (path.length > bounds.archiveNameBytes) return say('NAME', `has a name of ${path.length} bytes`);
  const text = latin1(path);
  if (text === '' || text.includes('\0')) return say('NAME', 'has an empty name or a NUL in it');
  if (text.startsWith('/') || text.split('/').includes('..')) return say('NAME', 'has a name that leaves the archive');
  return undefined;
}

function contentSize(header: Header, local: Overrides): number {
  if (isMeta(header.type)) return header.size;
  return '23456'.includes(header.type) ? 0 : (local.size ?? header.size);
}

function isRegular(type: string, path: Uint8Array): boolean {
  return (type === '0' || type === '\0' || type === '7') && path[path.length - 1] !== 0x2f;
}

function isMeta(type: string): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K';
}

function hasChecksum(block: Uint8Array): boolean {
  const stored = readNumber(block.subarray(148, 156));
  if (stored === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum === stored;
}

function readNumber(field: Uint8Array): number | undefined {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = latin1(field)
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function decimal(text: string, name: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw notTar(name, 'a pax number is malformed');
  return value;
}

function stripDots(path: Uint8Array): Uint8Array {
  let start = 0;
  while (path[start] === 0x2e && path[start + 1] === 0x2f) start += 2;
  return path.slice(start);
}

function cString(field: Uint8Array): Uint8Array {
  const end = field.indexOf(0);
  return field.slice(0, end < 0 ? field.length : end);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function truncated(name: string, sizeBytes: number): MusterError {
  return new MusterError('TRUNCATED', `the archive ends in the middle of a member (at byte ${sizeBytes})`, {
    where: name,
    fix: 'bring it anew',
  });
}

function notTar(name: string, why: string): MusterError {
  return new MusterError('NOT_ARCHIVE', `is no tar archive: ${why}`, { where: name });
}
