import { TorchError } from '../errors.ts';
import { elementSize } from '../dtype.ts';
import { scope } from '../index.ts';
import type { Tensor } from '../index.ts';
import { writeFileAtomically } from './atomic-file.ts';
import type { Append } from './atomic-file.ts';
import { copyBytes } from './raw-tensor.ts';
import { headerLimits } from './safetensors-header.ts';
import { alignmentRank, elementTypeOf } from './safetensors-types.ts';
import type { ElementTypeName } from './safetensors-types.ts';

/** Tensors by name. */
export type TensorEntries = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

const CHUNK_BYTES = 32 * 2 ** 20;

interface Entry {
  readonly name: string;
  readonly tensor: Tensor;
  readonly type: ElementTypeName;
  readonly bytes: number;
}

/**
 * Writes tensors of any device and layout as a safetensors file: wide types first, then by name, row-major, the header
 * padded to 8 bytes, so that every tensor is aligned and equal content gives equal bytes. The file appears under its name
 * only when it is whole and synced.
 *
 * Throws `E_ARG` for a name or a dtype (complex128) that the format has no place for.
 */
export function writeSafetensors(
  path: string,
  entries: TensorEntries,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const sorted = sortEntries(path, entries);
  const header = encodeHeader(path, sorted, metadata);
  writeFileAtomically(path, (append) => {
    append(header);
    for (const { tensor } of sorted) appendTensor(tensor, append);
  });
}

function sortEntries(path: string, entries: TensorEntries): Entry[] {
  const named: Entry[] = [];
  for (const [name, tensor] of isMap(entries) ? entries : Object.entries(entries)) {
    if (name === '__metadata__' || !name.isWellFormed())
      throw refused(path, `${JSON.stringify(name)} cannot be a tensor's name`);
    const type = elementTypeOf(tensor.dtype);
    if (type === undefined)
      throw refused(path, `the format has no type for ${tensor.dtype} (tensor ${JSON.stringify(name)})`);
    if (tensor.ndim > headerLimits.rank)
      throw refused(path, `tensor ${JSON.stringify(name)} has more than ${headerLimits.rank} dimensions`);
    named.push({ name, tensor, type, bytes: tensor.numel * elementSize(tensor.dtype) });
  }
  if (named.length > headerLimits.entries)
    throw refused(path, `${named.length} tensors; at most ${headerLimits.entries} in a file`);
  return named.sort((a, b) => alignmentRank(b.type) - alignmentRank(a.type) || compareText(a.name, b.name));
}

function isMap(entries: TensorEntries): entries is ReadonlyMap<string, Tensor> {
  return entries instanceof Map;
}

/** The eight bytes of the length and the header, padded with blanks. */
function encodeHeader(path: string, entries: readonly Entry[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const members: string[] = [];
  const texts = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  for (const text of texts.flat())
    if (!text.isWellFormed()) throw refused(path, `the metadata hold ${JSON.stringify(text)}`);
  if (texts.length > 0) {
    members.push(
      `"__metadata__":{${texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`).join(',')}}`,
    );
  }
  let begin = 0;
  for (const { name, tensor, type, bytes } of entries) {
    const end = begin + bytes;
    members.push(
      `${JSON.stringify(name)}:{"dtype":"${type}","shape":[${tensor.shape.join(',')}],"data_offsets":[${begin},${end}]}`,
    );
    begin = end;
  }
  const text = new TextEncoder().encode(`{${members.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > headerLimits.bytes)
    throw refused(path, `its header would take ${length} bytes; at most ${headerLimits.bytes}`);
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}

/** Appends the elements row-major, a part at a time: the file may be larger than the memory that is free. */
function appendTensor(tensor: Tensor, append: Append): void {
  const size = elementSize(tensor.dtype);
  const part = Math.min(Math.floor(CHUNK_BYTES / size), tensor.numel);
  const chunk = new Uint8Array(part * size);
  scope(() => {
    const flat = tensor.detach().reshape([-1]);
    for (let start = 0; start < flat.numel; start += part) {
      const count = Math.min(part, flat.numel - start);
      const bytes = chunk.subarray(0, count * size);
      scope(() => copyBytes(flat.narrow(0, start, count).cpu(), bytes));
      append(bytes);
    }
  });
}

/** By code units, as the reference's byte order for all but exotic names; the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function refused(path: string, problem: string): TorchError {
  return new TorchError('E_ARG', 'writeSafetensors', `${path}: ${problem}`);
}
