import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import type { Tensor } from '@muster/torch';

/** What a kind gives back: one tensor or number for every output the case lists; further entries are ignored. */
export type Answers = Record<string, Tensor | number>;

/** A kind computes a case's answers. Tensors it makes are freed by the runner once they are compared. */
export type Kind = (c: ParityCase) => Answers | Promise<Answers>;

/** Tensors by name, as one safetensors file holds them. */
export interface TensorSource {
  readonly names: readonly string[];
  get(name: string): Tensor;
}

/** How one output is compared when the default rule is overridden. */
export interface Comparison {
  readonly how: string;
  readonly mean?: number;
  readonly max?: number;
  readonly share?: number;
  readonly atol?: number;
}

/** Allowed absolute and relative difference. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** One case of a manifest, as it stands in manifest.json. */
export interface CaseRecord {
  readonly id: string;
  readonly kind: string;
  readonly params: Record<string, unknown>;
  readonly file?: string;
  readonly prefix: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly weights?: string;
  readonly weightsFile?: string;
  readonly tolerance: Tolerance;
  readonly tol: Readonly<Record<string, Tolerance>>;
  readonly compare: Readonly<Record<string, Comparison>>;
  readonly json?: unknown;
}

/** A case's error: the pack does not hold what the kind asks for. */
export class CaseError extends Error {
  override readonly name = 'CaseError';
}

/** Where a case's tensors come from: the pack's folder, its opened files, and the folder that `weightsFile` starts from. */
export interface PackAccess {
  readonly folder: string;
  readonly weightsFolder: string;
  open(path: string): TensorSource;
}

const HALF_TYPES: ReadonlySet<string> = new Set(['float16', 'bfloat16']);

/**
 * One case with typed access to its parameters, tensors and files. Every getter throws a {@link CaseError} that names
 * the case and what is missing, so a kind needs no checks of its own.
 */
export class ParityCase {
  readonly id: string;
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The `json` field as it is: inputs or answers that are no tensors; undefined where absent. */
  readonly json: unknown;
  readonly record: CaseRecord;
  private readonly pack: PackAccess;

  constructor(record: CaseRecord, pack: PackAccess) {
    this.id = record.id;
    this.kind = record.kind;
    this.params = record.params;
    this.json = record.json;
    this.record = record;
    this.pack = pack;
  }

  /** A parameter as a finite number. */
  number(key: string): number {
    const value = this.params[key];
    return typeof value === 'number' ? value : this.wrong(key, 'a number', value);
  }

  /** A parameter as text. */
  string(key: string): string {
    const value = this.params[key];
    return typeof value === 'string' ? value : this.wrong(key, 'a text', value);
  }

  /** A parameter as true or false. */
  boolean(key: string): boolean {
    const value = this.params[key];
    return typeof value === 'boolean' ? value : this.wrong(key, 'true or false', value);
  }

  /** A parameter as a list of numbers. */
  numbers(key: string): number[] {
    const value = this.params[key];
    return isListOf(value, isNumber) ? value : this.wrong(key, 'a list of numbers', value);
  }

  /** A parameter as a list of texts. */
  strings(key: string): string[] {
    const value = this.params[key];
    return isListOf(value, isString) ? value : this.wrong(key, 'a list of texts', value);
  }

  /** A parameter as an object whose fields are not known here, such as `config`. */
  object(key: string): Record<string, unknown> {
    const value = this.params[key];
    return isRecord(value) ? value : this.wrong(key, 'an object', value);
  }

  /** A parameter as it stands; undefined where it is absent or null. */
  optional(key: string): unknown {
    return this.params[key] ?? undefined;
  }

  /** A number parameter that may be absent or null. */
  optionalNumber(key: string): number | undefined {
    return this.optional(key) === undefined ? undefined : this.number(key);
  }

  /** A text parameter that may be absent or null. */
  optionalString(key: string): string | undefined {
    return this.optional(key) === undefined ? undefined : this.string(key);
  }

  /** A true-or-false parameter that may be absent or null. */
  optionalBoolean(key: string): boolean | undefined {
    return this.optional(key) === undefined ? undefined : this.boolean(key);
  }

  /** Whether the case has an input tensor of this name. */
  has(name: string): boolean {
    return this.record.inputs.includes(name);
  }

  /** Whether the case expects an output of this name. */
  wants(name: string): boolean {
    return this.record.outputs.includes(name);
  }

  /** An input tensor, the kind's own copy in the stored type; half precision is widened to float32, exactly. */
  input(name: string): Tensor {
    if (!this.has(name))
      throw new CaseError(`${this.id}: no input ${name}; there are ${this.record.inputs.join(', ')}`);
    return widen(this.source().get(`${this.record.prefix}in/${name}`));
  }

  /** The stored answer of an output, in its stored type. */
  answer(name: string): Tensor {
    return this.source().get(`${this.record.prefix}out/${name}`);
  }

  /** All tensors of the state dict, under PyTorch's names; half precision is widened to float32, exactly. */
  weights(): Map<string, Tensor> {
    const { weights, weightsFile, prefix } = this.record;
    const source =
      weightsFile === undefined ? this.source() : this.pack.open(resolve(this.pack.weightsFolder, weightsFile));
    const start = weightsFile === undefined ? `${prefix}${weights ?? 'w/'}` : (weights ?? '');
    const found = new Map<string, Tensor>();
    for (const name of source.names) {
      if (name.startsWith(start)) found.set(name.slice(start.length), widen(source.get(name)));
    }
    if (found.size === 0) throw new CaseError(`${this.id}: no weights under the name ${start}`);
    return found;
  }

  /** Absolute path of a file or folder of the pack; a path that leaves the pack or is not there is an error. */
  path(inside: string): string {
    const absolute = resolve(this.pack.folder, inside);
    if (relative(this.pack.folder, absolute).split(sep)[0] === '..') {
      throw new CaseError(`${this.id}: ${inside} lies outside the pack`);
    }
    if (!existsSync(absolute)) throw new CaseError(`${this.id}: the pack has no ${inside}`);
    return absolute;
  }

  /** What to call an input that is only bytes, in an error of the code under test: a refusal must contain this case's id. */
  label(name: string): string {
    return `${this.id} (input ${name})`;
  }

  private source(): TensorSource {
    if (this.record.file === undefined) throw new CaseError(`${this.id}: the case has no tensors`);
    return this.pack.open(this.path(this.record.file));
  }

  private wrong(key: string, wanted: string, got: unknown): never {
    throw new CaseError(`${this.id}: params.${key} should be ${wanted}, is ${JSON.stringify(got) ?? 'absent'}`);
  }
}

/** Whether a value is a plain object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether every element of a list passes; false where the value is no list. */
export function isListOf<T>(value: unknown, test: (element: unknown) => element is T): value is T[] {
  return Array.isArray(value) && value.every(test);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function widen(stored: Tensor): Tensor {
  return HALF_TYPES.has(stored.dtype) ? stored.to('float32') : stored.clone();
}
