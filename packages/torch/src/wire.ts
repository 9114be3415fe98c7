/**
 * The wire: how the arguments of an operator reach native code and its results come back, through one shared buffer.
 * Each argument has a tag; its value, if it has one, follows in the numbers. native/wire.h is the other end.
 * The generated operators call these functions; nothing else should.
 */
import { deviceCode, dtypeCodes, layoutCodes, memoryFormatCodes } from './dtype.ts';
import { TorchError } from './errors.ts';
import { Generator } from './generator.ts';
import { schemas } from './generated/schemas.js';
import { NativeObject } from './native-object.ts';
import { native } from './native.ts';
import { recorder } from './recorder.ts';
import { Tensor } from './tensor.ts';

const numbers = new Float64Array(native.wire, 0, 1 << 16);
const tags = new Uint8Array(native.wire, (1 << 16) * 8, 1 << 10);

const Tag = { missing: 0, nothing: 1, value: 2, int: 3, float: 4, boolean: 5, list: 6, broadcast: 7 } as const;

/** Schema number -> native operator, -1 until its first use. */
const resolved = new Int32Array(schemas.length).fill(-1);

let schema = 0;
let position = 0;
let argument = 0;

const nameOf = (id: number): string => schemas[id]?.split('(')[0] ?? `operator ${id}`;

/** Finds the operator in this libtorch; its schema must be the one that the writers were generated from. */
function resolve(id: number): void {
  const text = schemas[id] ?? '';
  const [name = '', overload = ''] = nameOf(id).split('.');
  const found = native.resolve(name, overload);
  if (found < 0) throw new TorchError('E_SCHEMA', nameOf(id), `libtorch ${native.version()} has no such operator`);
  const actual = native.schemaOf(found);
  if (actual !== text) {
    throw new TorchError(
      'E_SCHEMA',
      nameOf(id),
      `libtorch ${native.version()} declares it as ${actual}, this engine expects ${text}`,
    );
  }
  resolved[id] = found;
}

/** Begins a call. */
export function begin(id: number): void {
  if ((resolved[id] ?? -1) < 0) resolve(id);
  schema = id;
  position = 0;
  argument = 0;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return value instanceof Object ? `a ${value.constructor.name}` : 'a bare object';
  return `the ${typeof value} ${typeof value === 'symbol' ? '' : JSON.stringify(value)}`;
}

function argumentName(): string {
  const declared = /\((.*)\) -> /.exec(schemas[schema] ?? '')?.[1]?.split(/, (?![^[]*\])/) ?? [];
  return /(\w+)(=.*)?$/.exec(declared.filter((text) => text !== '*')[argument] ?? '')?.[1] ?? String(argument);
}

function refuse(value: unknown, expected: string): never {
  throw new TorchError(
    'E_ARG',
    nameOf(schema),
    `the argument '${argumentName()}' must be ${expected}, not ${describe(value)}`,
  );
}

/** Handles null and undefined; true if that was all. */
function isAbsent(value: unknown): boolean {
  if (value === undefined) tags[argument++] = Tag.missing;
  else if (value === null) tags[argument++] = Tag.nothing;
  else return false;
  return true;
}

function handleOf(value: unknown): number {
  if (!(value instanceof Tensor)) refuse(value, 'a tensor');
  const { handle } = value;
  if (handle > 0) {
    if (recorder.active !== null) recorder.active.use(handle);
    return handle;
  }
  if (handle < 0 && recorder.active !== null) {
    recorder.active.use(handle);
    return handle;
  }
  throw new TorchError('E_DISPOSED', nameOf(schema), `the tensor given as '${argumentName()}' was disposed of`);
}

export function tensor(value: unknown): void {
  if (isAbsent(value)) return;
  numbers[position++] = handleOf(value);
  tags[argument++] = Tag.value;
}

function one(value: number): void {
  tags[argument++] = Tag.value;
  numbers[position++] = value;
}

export function integer(value: unknown): void {
  if (isAbsent(value)) return;
  if (typeof value !== 'number') refuse(value, 'an integer');
  one(value);
}

export function float(value: unknown): void {
  if (isAbsent(value)) return;
  if (typeof value !== 'number') refuse(value, 'a number');
  one(value);
}

export function boolean(value: unknown): void {
  if (isAbsent(value)) return;
  if (typeof value !== 'boolean') refuse(value, 'a boolean');
  one(value ? 1 : 0);
}

export function scalar(value: unknown): void {
  if (isAbsent(value)) return;
  if (typeof value === 'number') {
    tags[argument++] = Number.isSafeInteger(value) ? Tag.int : Tag.float;
    numbers[position++] = value;
  } else if (typeof value === 'boolean') {
    tags[argument++] = Tag.boolean;
    numbers[position++] = value ? 1 : 0;
  } else refuse(value, 'a number or a boolean');
}

const interned = new Map<string, number>();

function stringId(value: unknown): number {
  if (typeof value !== 'string') refuse(value, 'a string');
  const known = interned.get(value);
  if (known !== undefined) return known;
  const id = native.intern(value);
  interned.set(value, id);
  return id;
}

export function string(value: unknown): void {
  if (!isAbsent(value)) one(stringId(value));
}

function coded(value: unknown, codes: Readonly<Record<string, number>>, expected: string): void {
  if (isAbsent(value)) return;
  const code = typeof value === 'string' && Object.hasOwn(codes, value) ? codes[value] : undefined;
  if (code === undefined) refuse(value, `${expected} (${Object.keys(codes).join(', ')})`);
  one(code);
}

export const dtype = (value: unknown): void => coded(value, dtypeCodes, 'a dtype');
export const layout = (value: unknown): void => coded(value, layoutCodes, 'a layout');
export const memoryFormat = (value: unknown): void => coded(value, memoryFormatCodes, 'a memory format');

export function device(value: unknown): void {
  if (isAbsent(value)) return;
  if (typeof value !== 'string') refuse(value, 'a device');
  one(deviceCode(value));
}

export function generator(value: unknown): void {
  if (isAbsent(value)) return;
  if (!(value instanceof Generator)) refuse(value, 'a generator');
  if (recorder.active !== null) recorder.active.use(value.handle);
  one(value.handle);
}

export function object(value: unknown): void {
  if (isAbsent(value)) return;
  if (!(value instanceof NativeObject)) refuse(value, 'a native object');
  one(value.handle);
}

function list(value: unknown, expected: string, write: (element: unknown) => number): void {
  if (isAbsent(value)) return;
  if (!Array.isArray(value)) refuse(value, expected);
  if (position + value.length >= numbers.length) refuse(value, `${expected} of fewer than ${numbers.length} elements`);
  numbers[position++] = value.length;
  for (let i = 0; i < value.length; i++) numbers[position++] = write(value[i]);
  tags[argument++] = Tag.list;
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') refuse(value, 'a list of numbers');
  return value;
}

const tensorOrNone = (value: unknown): number => (value === null ? 0 : handleOf(value));
function flag(value: unknown): number {
  if (typeof value !== 'boolean') refuse(value, 'a list of booleans');
  return value ? 1 : 0;
}

const numberOrNaN = (value: unknown): number => (value === null ? Number.NaN : numberOf(value));

export const tensors = (value: unknown): void => list(value, 'a list of tensors', handleOf);
export const optionalTensors = (value: unknown): void => list(value, 'a list of tensors or null', tensorOrNone);
export const integers = (value: unknown): void => list(value, 'a list of integers', numberOf);
export const floats = (value: unknown): void => list(value, 'a list of numbers', numberOf);
export const booleans = (value: unknown): void => list(value, 'a list of booleans', flag);
export const scalars = (value: unknown): void => list(value, 'a list of numbers', numberOf);
export const optionalScalars = (value: unknown): void => list(value, 'a list of numbers or null', numberOrNaN);
export const strings = (value: unknown): void => list(value, 'a list of strings', stringId);

/** An `int[N]`: one number stands for N. */
export function integersOrOne(value: unknown): void {
  if (typeof value === 'number') {
    tags[argument++] = Tag.broadcast;
    numbers[position++] = value;
  } else integers(value);
}

// ---- calls and their results

function run(): void {
  native.call(resolved[schema] ?? -1);
}

const Result = { handle: 1, int: 2, double: 3, boolean: 4, none: 5, sequence: 6, alias: 7, text: 8 } as const;
let cursor = 0;

function read(): unknown {
  const kind = numbers[cursor++];
  if (kind === Result.none) return null;
  if (kind === Result.alias) return undefined;
  const value = numbers[cursor++] ?? 0;
  if (kind === Result.handle) return new Tensor(value);
  if (kind === Result.boolean) return value === 1;
  if (kind === Result.text) return native.interned(value);
  if (kind === Result.sequence) return Array.from({ length: value }, read);
  return value;
}

function record(count: number): Tensor[] {
  const active = recorder.active;
  if (active === null) return [];
  return active
    .add(resolved[schema] ?? -1, numbers.subarray(0, position), tags.subarray(0, argument), count)
    .map((handle) => new Tensor(handle));
}

/** Calls an operator that gives one new tensor. */
export function fresh(): unknown {
  if (recorder.active !== null) return record(1)[0];
  run();
  return numbers[1] === Result.handle ? new Tensor(numbers[2] ?? 0) : null;
}

/** Calls an operator that writes into `self` and gives it back. */
export function mutated(self: unknown): unknown {
  if (recorder.active !== null) record(1);
  else run();
  return self;
}

/** Calls an operator that gives nothing. */
export function nothing(): void {
  if (recorder.active !== null) record(0);
  else run();
}

/** Calls an operator with several results; `aliases` holds the arguments among them. */
export function tuple(count: number, aliases: readonly unknown[] = []): unknown[] {
  if (recorder.active !== null) return record(count).map((made, i) => aliases[i] ?? made);
  run();
  cursor = 1;
  return Array.from({ length: count }, (_, i) => read() ?? aliases[i] ?? null);
}

/** Calls an operator that gives a number, a list or another value. */
export function value(): unknown {
  if (recorder.active !== null) {
    throw new TorchError(
      'E_ARG',
      nameOf(schema),
      'its result is no single tensor, so it cannot be recorded to run off the thread',
    );
  }
  run();
  cursor = 1;
  return read();
}

// ---- overloads

/** Whether the value is an options object rather than an argument. */
export const isOptions = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

export interface Keywords {
  fits(options: unknown): boolean;
  check(options: unknown, id: number): void;
}

/** The keyword arguments of an operator, by the names that an options object may hold. */
export function keywords(allowed: readonly string[], required: readonly string[]): Keywords {
  const names = new Set(allowed);
  return {
    fits(options) {
      if (options === undefined) return required.length === 0;
      const given = options as Record<string, unknown>;
      for (const key in given) if (!names.has(key)) return false;
      return required.every((name) => given[name] !== undefined);
    },
    check(options, id) {
      for (const key in options as object) {
        if (!names.has(key))
          throw new TorchError('E_ARG', nameOf(id), `unknown option '${key}': it takes ${allowed.join(', ')}`);
      }
    },
  };
}

/** Refuses a call with too many arguments. */
export function excess(name: string, most: number, given: number): never {
  throw new TorchError('E_ARG', name, `takes at most ${most} arguments, ${given} were given`);
}

function kindOf(value: unknown): string {
  if (value instanceof Tensor) return value.handle > 0 ? String(value) : 'a disposed tensor';
  if (Array.isArray(value)) return `[${value.slice(0, 4).map(kindOf).join(', ')}${value.length > 4 ? ', ...' : ''}]`;
  if (isOptions(value)) return `{ ${Object.keys(value as object).join(', ')} }`;
  return typeof value === 'string'
    ? `'${value}'`
    : value === null || typeof value !== 'object'
      ? String(value)
      : describe(value);
}

/** Refuses a call that fits no overload. */
export function noOverload(ids: readonly number[], given: ArrayLike<unknown>): never {
  const values = Array.from(given);
  while (values.length > 0 && values.at(-1) === undefined) values.pop();
  const choices = ids
    .filter((id) => !nameOf(id).endsWith('out'))
    .map((id) => `  ${schemas[id]}`)
    .join('\n');
  throw new TorchError(
    'E_ARG',
    nameOf(ids[0] ?? 0).split('.')[0] ?? '',
    `no overload takes (${values.map(kindOf).join(', ')}); there are\n${choices}`,
  );
}
