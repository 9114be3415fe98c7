import { formatError } from './format-error.ts';
import type { Refuse } from './format-error.ts';
import { elementTypes, isElementTypeName } from './safetensors-types.ts';
import type { ElementTypeName } from './safetensors-types.ts';
import { JsonError, parseStrictJson } from './strict-json.ts';
import type { JsonValue } from './strict-json.ts';

/** Where one tensor lies: `begin` and `end` in bytes from the first byte after the header. */
export interface TensorInfo {
  readonly type: ElementTypeName;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A checked header: the tensors in the order of the file's text, the metadata, and where the data begin in the file. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly dataStart: number;
}

/** Bytes of the length field in front of the header. */
export const LENGTH_BYTES = 8;

/** The largest numbers a header may hold. */
export const headerLimits = {
  bytes: 100_000_000,
  entries: 100_000,
  rank: 8,
  depth: 8,
  values: 2_500_000,
  textBytes: 16_777_216,
} as const;

const OPEN_BRACE = 0x7b;
const BLANK = 0x20;
const METADATA = '__metadata__';

/**
 * Length of the header from the first eight bytes, checked against the size of the file before anything is allocated.
 * Throws `E_FORMAT` with the file's name.
 */
export function readHeaderLength(prefix: Uint8Array, fileSize: number, file: string): number {
  if (prefix.length < LENGTH_BYTES || fileSize < LENGTH_BYTES) {
    throw formatError(
      'safetensors',
      file,
      `not a safetensors file: ${fileSize} bytes are too few for the length of the header`,
    );
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength).getBigUint64(0, true);
  const most = Math.min(headerLimits.bytes, fileSize - LENGTH_BYTES);
  if (length < 2n || length > BigInt(most)) {
    throw formatError(
      'safetensors',
      file,
      `not a safetensors file: a header of ${length} bytes in a file of ${fileSize}`,
    );
  }
  return Number(length);
}

/**
 * Reads and checks a header: strict JSON, known types, sizes that agree with the shapes, and tensors that cover the data
 * section exactly, without overlap, hole or rest.
 *
 * @param bytes the header alone, without its length field
 * @param fileSize bytes of the whole file
 * @param file name for messages; every refusal is `E_FORMAT` and names it
 */
export function parseSafetensorsHeader(bytes: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  const refuse: Refuse = (problem) => {
    throw formatError('safetensors', file, problem);
  };
  const members = parseObject(bytes, refuse);
  const dataStart = LENGTH_BYTES + bytes.length;
  const metadata = readMetadata(members.get(METADATA), refuse);
  members.delete(METADATA);
  const tensors = new Map<string, TensorInfo>();
  for (const [name, value] of members) tensors.set(name, readInfo(name, value, refuse));
  checkCover(tensors, fileSize - dataStart, refuse);
  return { tensors, metadata, dataStart };
}

function parseObject(bytes: Uint8Array, refuse: Refuse): Map<string, JsonValue> {
  if (bytes[0] !== OPEN_BRACE) return refuse('the header does not begin with {');
  // One member more than the tensors: the metadata.
  const limits = {
    depth: headerLimits.depth,
    members: headerLimits.entries + 1,
    values: headerLimits.values,
    textBytes: headerLimits.textBytes,
  };
  try {
    const { value, end } = parseStrictJson(bytes, limits);
    for (let i = end; i < bytes.length; i += 1) {
      if (bytes[i] !== BLANK) refuse(`only blanks may follow the header's JSON (byte ${i})`);
    }
    return value instanceof Map ? value : refuse('the header is no JSON object');
  } catch (error) {
    if (error instanceof JsonError) return refuse(`the header is not valid: ${error.message}`);
    throw error;
  }
}

function readMetadata(value: JsonValue | undefined, refuse: Refuse): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!(value instanceof Map)) return refuse(`${METADATA} is no object`);
  for (const [key, text] of value) {
    if (typeof text !== 'string') refuse(`${METADATA} holds something else than text under ${quoted(key)}`);
    else metadata.set(key, text);
  }
  return metadata;
}

function readInfo(name: string, value: JsonValue, refuse: Refuse): TensorInfo {
  const wrong: Refuse = (problem) => refuse(`tensor ${quoted(name)}: ${problem}`);
  if (!(value instanceof Map)) return wrong('its entry is no object');
  const type = value.get('dtype');
  if (typeof type !== 'string') return wrong('dtype is missing or no text');
  if (!isElementTypeName(type)) return wrong(`unknown dtype ${quoted(type)}`);
  const shape = naturals(value.get('shape'));
  if (shape === null) return wrong('shape is missing or no list of natural numbers');
  if (shape.length > headerLimits.rank)
    return wrong(`${shape.length} dimensions; at most ${headerLimits.rank} are read`);
  const [begin, end, ...more] = naturals(value.get('data_offsets')) ?? [];
  if (begin === undefined || end === undefined || more.length > 0)
    return wrong('data_offsets are not two natural numbers');
  if (end < begin) return wrong(`it ends at ${end}, before it begins at ${begin}`);
  const bytes = byteCount(shape, elementTypes[type].bits);
  if (bytes !== end - begin) return wrong(`${end - begin} bytes cannot hold ${type} [${shape.join(', ')}]`);
  return { type, shape, begin, end };
}

function naturals(value: JsonValue | undefined): number[] | null {
  if (!Array.isArray(value)) return null;
  const numbers = value.filter((element) => typeof element === 'number');
  return numbers.length === value.length ? numbers : null;
}

/** Bytes of a shape; null where the count is no whole number of bytes or beyond 2^53, zero dimensions left aside. */
function byteCount(shape: readonly number[], bits: number): number | null {
  let spread = BigInt(bits);
  for (const size of shape) if (size !== 0) spread *= BigInt(size);
  if (spread > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const total = shape.includes(0) ? 0n : spread;
  return total % 8n === 0n ? Number(total / 8n) : null;
}

function checkCover(tensors: ReadonlyMap<string, TensorInfo>, dataSize: number, refuse: Refuse): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const [name, info] of sorted) {
    if (info.begin < covered)
      refuse(`tensor ${quoted(name)} overlaps another: it begins at ${info.begin}, not ${covered}`);
    if (info.begin > covered) refuse(`bytes ${covered} to ${info.begin} belong to no tensor, before ${quoted(name)}`);
    covered = info.end;
  }
  if (covered > dataSize) refuse(`cut short: the tensors take ${covered} bytes, the file holds ${dataSize}`);
  if (covered < dataSize) refuse(`${dataSize - covered} bytes follow the last tensor`);
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
