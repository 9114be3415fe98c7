import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { TorchError, liveTensors, scope } from '../index.ts';
import type { Tensor } from '../index.ts';
import { readLegacyPth } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'legacy-pth-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PROTO = [0x80, 2];
const STOP = [0x2e];
const text = (value: string): number[] => [0x58, ...int32(Buffer.byteLength(value)), ...Buffer.from(value)];
const int = (value: number): number[] => [0x4a, ...int32(value)];
const global = (module: string, name: string): number[] => [0x63, ...Buffer.from(`${module}\n${name}\n`)];
const tuple = (...items: number[][]): number[] => [0x28, ...items.flat(), 0x74];
const ints = (values: readonly number[]): number[] => tuple(...values.map(int));
const NONE = [0x4e];
const FALSE = [0x89];
const ORDERED_DICT = [...global('collections', 'OrderedDict'), 0x29, 0x52];

const MAGIC = [...PROTO, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, ...STOP];
const PROTOCOL = [...PROTO, 0x4d, 0xe9, 0x03, ...STOP];
const SYSTEM = [
  ...PROTO,
  0x7d,
  0x28,
  ...text('protocol_version'),
  0x4d,
  0xe9,
  0x03,
  ...text('little_endian'),
  0x88,
  0x75,
  ...STOP,
];

interface Part {
  readonly type?: string;
  readonly key?: string;
  readonly location?: string;
  readonly count?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
}

/** The operations that build one tensor. */
function part({
  type = 'FloatStorage',
  key = '0',
  location = 'cpu',
  count = 6,
  offset = 0,
  shape = [2, 3],
  strides = [3, 1],
}: Part): number[] {
  const storage = [...tuple(text('storage'), global('torch', type), text(key), text(location), int(count), NONE), 0x51];
  const given = tuple(storage, int(offset), ints(shape), ints(strides), FALSE, ORDERED_DICT);
  return [...global('torch._utils', '_rebuild_tensor_v2'), ...given, 0x52];
}

const dict = (entries: Readonly<Record<string, number[]>>): number[] => [
  ...ORDERED_DICT,
  0x28,
  ...Object.entries(entries).flatMap(([name, value]) => [...text(name), ...value]),
  0x75,
];
const state = (entries: Readonly<Record<string, Part>>): number[] =>
  dict(Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, part(value)])));
const keyList = (...keys: string[]): number[] => [...PROTO, 0x5d, 0x28, ...keys.flatMap(text), 0x65, ...STOP];
const storage = (values: readonly number[]): number[] => [
  ...int64(values.length),
  ...new Uint8Array(Float32Array.from(values).buffer),
];
const SIX = storage([0, 1, 2, 3, 4, 5]);

function file(stateOps: number[], keys = keyList('0'), data: number[] = SIX): number[] {
  return [...MAGIC, ...PROTOCOL, ...SYSTEM, ...PROTO, ...stateOps, ...STOP, ...keys, ...data];
}

function read(bytes: readonly number[] | Uint8Array): Map<string, Tensor> {
  const path = join(folder, 'weights.pth');
  writeFileSync(path, Uint8Array.from(bytes));
  return readLegacyPth(path);
}

describe('readLegacyPth', () => {
  it('reads tensors by offset and strides, row-major, without a leak', () => {
    const before = liveTensors();
    const tensors = read(
      file(
        state({
          plain: {},
          transposed: { shape: [3, 2], strides: [1, 3] },
          part: { offset: 4, shape: [2], strides: [1] },
          one: { offset: 5, shape: [], strides: [] },
        }),
      ),
    );
    expect(Object.fromEntries([...tensors].map(([name, value]) => [name, value.toNested()]))).toEqual({
      plain: [
        [0, 1, 2],
        [3, 4, 5],
      ],
      transposed: [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
      part: [4, 5],
      one: 5,
    });
    expect(tensors.get('transposed')?.strides).toEqual([2, 1]);
    expect(liveTensors()).toBe(before + 4);
    for (const value of tensors.values()) value.dispose();
  });

  it('takes storages in the order of the list, and BUILD that sets _metadata', () => {
    const entries = state({
      a: { key: 'x', count: 1, shape: [1], strides: [1] },
      b: { key: 'y', count: 2, shape: [2], strides: [1] },
    });
    const metadata = [0x7d, ...text('_metadata'), ...ORDERED_DICT, 0x73, 0x62];
    const tensors = scope(() => {
      const got = read(file([...entries, ...metadata], keyList('y', 'x'), [...storage([8, 9]), ...storage([7])]));
      return [...got].map(([name, value]) => [name, value.toNumbers()]);
    });
    expect(tensors).toEqual([
      ['a', [7]],
      ['b', [8, 9]],
    ]);
  });

  const call = (module: string, name: string, argument: number[]): number[] => [
    ...global(module, name),
    ...argument,
    0x85,
    0x52,
  ];
  const hostile: [what: string, bytes: () => number[], message: string][] = [
    ['os.system', () => file(call('os', 'system', text('touch x'))), 'os.system'],
    ['posix.system', () => file(call('posix', 'system', text('id'))), 'posix.system'],
    ['builtins.eval', () => file(call('builtins', 'eval', text('1'))), 'builtins.eval'],
    [
      'a nested torch.load',
      () => file(call('torch.storage', '_load_from_bytes', text('x'))),
      'torch.storage._load_from_bytes',
    ],
    [
      'getattr as an attribute of an allowed module',
      () => file(call('collections', 'OrderedDict.fromkeys', text('x'))),
      'OrderedDict.fromkeys',
    ],
    ['the name in the magic pickle', () => [...PROTO, ...call('os', 'system', text('id')), ...STOP], 'os.system'],
    ['INST', () => file([0x28, 0x69, ...Buffer.from('os\nsystem\n')]), 'operation 0x69'],
    ['OBJ', () => file([0x28, 0x6f]), 'operation 0x6f'],
    ['NEWOBJ', () => file([...global('collections', 'OrderedDict'), 0x29, 0x81]), 'operation 0x81'],
    ['STACK_GLOBAL', () => file([...text('os'), ...text('system'), 0x93]), 'operation 0x93'],
    ['EXT1', () => file([0x82, 1]), 'operation 0x82'],
    ['protocol 4', () => [0x80, 4, 0x4e, 0x2e], 'protocol 2'],
    [
      'an OrderedDict with arguments',
      () => file([...global('collections', 'OrderedDict'), ...tuple(text('x')), 0x52]),
      'cannot be built',
    ],
    ['a storage that is called', () => file([...global('torch', 'FloatStorage'), 0x29, 0x52]), 'cannot be built'],
    [
      'BUILD with another attribute',
      () => file([...state({ a: {} }), 0x7d, ...text('__class__'), ...NONE, 0x73, 0x62]),
      '__class__',
    ],
    ['BUILD on a tensor', () => file([...part({}), 0x7d, 0x62]), 'BUILD'],
    ['a zip archive', () => [0x50, 0x4b, 3, 4, 0, 0, 0, 0], 'safetensors'],
    ['nothing', () => [], 'cut short'],
    ['another magic number', () => [...PROTO, ...int(5), ...STOP], 'magic number'],
    ['no state dict', () => file(NONE), 'no state dict'],
    ['a checkpoint with more than tensors', () => file(dict({ epoch: int(3) })), 'is no tensor'],
    [
      'a name twice',
      () => file([...ORDERED_DICT, 0x28, ...text('a'), ...part({}), ...text('a'), ...part({}), 0x75]),
      'twice',
    ],
    ['an offset beyond the storage', () => file(state({ a: { offset: 1 } })), 'reach beyond'],
    ['strides beyond the storage', () => file(state({ a: { strides: [3, 2] } })), 'reach beyond'],
    ['a negative offset', () => file(state({ a: { offset: -1 } })), 'natural'],
    ['a negative stride', () => file(state({ a: { strides: [-3, 1] } })), 'natural'],
    ['a negative size', () => file(state({ a: { shape: [-2, 3] } })), 'natural'],
    [
      'a stride of 0 that repeats elements',
      () => file(state({ a: { shape: [2_000_000, 2_000_000], strides: [0, 0] } })),
      'more than the 6',
    ],
    [
      'sizes whose product wraps',
      () => file(state({ a: { shape: [65536, 65536, 65536, 65536], strides: [1, 1, 1, 1] } })),
      'more than the 6',
    ],
    ['more sizes than strides', () => file(state({ a: { strides: [3] } })), 'do not fit'],
    ['a storage shorter than it says', () => file(state({ a: {} }), keyList('0'), SIX.slice(0, -1)), 'cut short'],
    ['a storage with another count', () => file(state({ a: {} }), keyList('0'), storage([1, 2])), 'should have 6'],
    ['a negative count', () => file(state({ a: {} }), keyList('0'), [...int64(-1), ...SIX]), 'count'],
    [
      'a count beyond the file',
      () => file(state({ a: { count: 2 ** 30 } }), keyList('0'), int64(2 ** 30)),
      'cut short',
    ],
    ['bytes left over', () => file(state({ a: {} }), keyList('0'), [...SIX, 0]), 'follow the last'],
    ['a storage that is not listed', () => file(state({ a: {} }), keyList(), []), 'lists 0'],
    ['a storage that no tensor uses', () => file(state({ a: {} }), keyList('1'), SIX), 'no tensor uses'],
    ['a key listed twice', () => file(state({ a: {} }), keyList('0', '0'), [...SIX, ...SIX]), 'distinct'],
    ['a storage in two types', () => file(state({ a: {}, b: { type: 'IntStorage' } })), 'two ways'],
    ['an unknown storage', () => file(state({ a: { type: 'QInt8Storage' } })), 'torch.QInt8Storage'],
    ['another device', () => file(state({ a: { location: 'meta' } })), 'unknown device'],
    ['an empty stack', () => file([0x52]), 'missing on the stack'],
    ['a missing mark', () => file([0x74]), 'mark is missing'],
    ['a value never remembered', () => file([0x68, 7]), 'nothing was remembered'],
    ['a text of 4 GB', () => file([0x58, 0xff, 0xff, 0xff, 0xff]), 'a text of'],
    ['a text that is not UTF-8', () => file([0x58, ...int32(1), 0xff]), 'UTF-8'],
    ['an endless name', () => file([0x63, ...Buffer.from('x'.repeat(1000))]), 'too long'],
    ['a million marks', () => file(new Array<number>(1_100_000).fill(0x28)), 'nests too much'],
  ];

  it.each(hostile)('refuses %s', (_, bytes, message) => {
    const before = liveTensors();
    const attempt = (): unknown => read(bytes());
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(/^readLegacyPth: .*weights\.pth: /);
    expect(liveTensors()).toBe(before);
  });

  it('refuses a file cut at any byte, with E_FORMAT', () => {
    const whole = file(state({ a: {} }));
    for (let length = 0; length < whole.length; length += 1) expectFormatError(whole.slice(0, length));
  });

  it('refuses or reads whatever a file is changed into', () => {
    const whole = Uint8Array.from(file(state({ a: {}, b: { offset: 1, shape: [2, 2], strides: [2, 1] } })));
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(edits, (changes) => {
        const changed = whole.slice();
        for (const [at, byte] of changes) changed[at] = byte;
        scope(() => {
          try {
            for (const value of read(changed).values()) expect(value.numel).toBeLessThanOrEqual(6);
          } catch (error) {
            if (!(error instanceof TorchError)) throw error;
            expect(error.code).toBe('E_FORMAT');
          }
        });
      }),
      { numRuns: 600 },
    );
  });
});

function expectFormatError(bytes: readonly number[]): void {
  try {
    read(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(TorchError);
    expect(error).toHaveProperty('code', 'E_FORMAT');
    return;
  }
  throw new Error(`${bytes.length} bytes were accepted`);
}

function int32(value: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return [...bytes];
}

function int64(value: number): number[] {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return [...bytes];
}
