import { createHash } from 'node:crypto';
import { elementTypes, openSafetensors, readSafetensors } from '@muster/torch/io';
import type { SafetensorsFile } from '@muster/torch/io';
import { CaseError, isListOf, isRecord } from '../case.ts';
import type { Answers, Kind, ParityCase } from '../case.ts';

/** Types that are compared after widening to float32. */
const WIDENED = new Set(['float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2']);

const read: Kind = (c) => {
  using file = openSafetensors(c.path(c.string('path')));
  const { tensors, metadata } = expected(c);
  compareNames(c, file.names, Object.keys(tensors));
  for (const [name, record] of Object.entries(tensors)) compareRecord(c, file, name, record);
  compareMetadata(c, file.metadata, metadata);
  return values(file);
};

/** Every tensor of a type that libtorch has, widened where the pack compares it so. */
function values(file: SafetensorsFile): Answers {
  const answers: Answers = {};
  for (const name of file.names) {
    if (elementTypes[file.info(name).type].dtype === null) continue;
    const tensor = file.get(name);
    answers[`value/${name}`] = WIDENED.has(tensor.dtype) ? tensor.to('float32') : tensor;
  }
  return answers;
}

const refuse: Kind = (c) => {
  readSafetensors(c.path(c.string('path')));
  return {};
};

interface Expected {
  readonly tensors: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

function expected(c: ParityCase): Expected {
  const { json } = c;
  if (!isRecord(json) || !isRecord(json['tensors'])) throw new CaseError(`${c.id}: json.tensors is missing`);
  const metadata = json['metadata'] ?? null;
  if (metadata !== null && !isRecord(metadata)) throw new CaseError(`${c.id}: json.metadata is no object`);
  return { tensors: json['tensors'], metadata };
}

function compareNames(c: ParityCase, got: readonly string[], want: readonly string[]): void {
  if ([...got].sort().join('\n') !== [...want].sort().join('\n')) {
    throw new CaseError(`${c.id}: the file holds ${got.join(', ')}, not ${want.join(', ')}`);
  }
}

function compareRecord(c: ParityCase, file: SafetensorsFile, name: string, want: unknown): void {
  const { type, shape } = file.info(name);
  const sha256 = createHash('sha256').update(file.bytes(name)).digest('hex');
  if (!isRecord(want) || !isListOf(want['shape'], (size) => typeof size === 'number')) {
    throw new CaseError(`${c.id}: json.tensors says nothing of ${name}`);
  }
  const got = `${type} [${shape.join(', ')}] ${sha256}`;
  const wanted = `${String(want['dtype'])} [${want['shape'].join(', ')}] ${String(want['sha256'])}`;
  if (got !== wanted) throw new CaseError(`${c.id}: ${name} is ${got}, not ${wanted}`);
}

function compareMetadata(c: ParityCase, got: ReadonlyMap<string, string>, want: Expected['metadata']): void {
  const sorted = (entries: Iterable<readonly [string, unknown]>): string =>
    JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (sorted(got) !== sorted(Object.entries(want ?? {}))) {
    throw new CaseError(`${c.id}: the metadata are ${sorted(got)}, not ${sorted(Object.entries(want ?? {}))}`);
  }
}

/** Files of tensors, good and bad: the kinds `safetensors.*`. */
export const safetensorsKinds: Record<string, Kind> = { 'safetensors.read': read, 'safetensors.refuse': refuse };
