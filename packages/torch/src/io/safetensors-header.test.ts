import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TorchError } from '../errors.ts';
import { headerLimits, parseSafetensorsHeader, readHeaderLength } from './safetensors-header.ts';
import type { SafetensorsHeader } from './safetensors-header.ts';
import { elementTypes } from './safetensors-types.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const parse = (text: string, data: number): SafetensorsHeader => {
  const bytes = encode(text);
  return parseSafetensorsHeader(bytes, 8 + bytes.length + data, 'x.safetensors');
};
const entry = (shape: string, offsets: string, dtype = '"F32"'): string =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
const prefix = (length: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};

describe('readHeaderLength', () => {
  it.each([
    [2n, 10],
    [2n, 1000],
    [992n, 1000],
    [BigInt(headerLimits.bytes), headerLimits.bytes + 8],
  ])('takes %d in a file of %d', (length, fileSize) => {
    expect(readHeaderLength(prefix(length), fileSize, 'x')).toBe(Number(length));
  });

  it.each([
    [0n, 1000],
    [1n, 1000],
    [993n, 1000],
    [BigInt(headerLimits.bytes) + 1n, headerLimits.bytes * 2],
    [2n ** 63n + 5n, 1000],
    [2n ** 64n - 1n, 1000],
    [2n, 8],
  ])('refuses %d in a file of %d', (length, fileSize) => {
    expect(() => readHeaderLength(prefix(length), fileSize, 'x')).toThrow(/^safetensors: x: not a safetensors file/);
  });

  it.each([0, 1, 7])('refuses a file of %d bytes', (fileSize) => {
    expect(() => readHeaderLength(new Uint8Array(fileSize), fileSize, 'x')).toThrow('too few');
  });
});

describe('parseSafetensorsHeader', () => {
  it('reads tensors, metadata and places', () => {
    const header = parse(
      `{"__metadata__":{"format":"pt"},"b":${entry('[2,3]', '[0,24]')},"__proto__":${entry('[]', '[24,32]', '"I64"')}}   `,
      32,
    );
    expect([...header.tensors]).toEqual([
      ['b', { type: 'F32', shape: [2, 3], begin: 0, end: 24 }],
      ['__proto__', { type: 'I64', shape: [], begin: 24, end: 32 }],
    ]);
    expect([...header.metadata]).toEqual([['format', 'pt']]);
  });

  it('allows empty tensors on borders of tensors and fields it does not know', () => {
    const text = `{"a":${entry('[0,3]', '[0,0]')},"b":${entry('[1]', '[0,4]')},"c":{"note":{"x":[1.5,null]},"dtype":"F32","shape":[0],"data_offsets":[4,4]}}`;
    expect(parse(text, 4).tensors.size).toBe(3);
  });

  it('allows packed types that end on a byte, and counts their bits', () => {
    expect(
      parse(`{"a":${entry('[4]', '[0,2]', '"F4"')},"b":${entry('[4]', '[2,5]', '"F6_E2M3"')}}`, 5).tensors.size,
    ).toBe(2);
    expect(() => parse(`{"a":${entry('[3]', '[0,2]', '"F4"')}}`, 2)).toThrow('cannot hold');
  });

  const hostile: [what: string, header: string, data: number, message: string][] = [
    ['a list', '[]', 0, 'begin with {'],
    ['a leading blank', ` {"a":${entry('[1]', '[0,4]')}}`, 4, 'begin with {'],
    ['a byte order mark', `\ufeff{}`, 0, 'begin with {'],
    ['NUL padding', '{}\0\0', 0, 'only blanks'],
    ['text after the object', '{}{}', 0, 'only blanks'],
    ['a name twice', `{"a":${entry('[1]', '[0,4]')},"a":${entry('[1]', '[0,4]')}}`, 4, 'occurs twice'],
    ['dtype twice', `{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4, 'occurs twice'],
    ['metadata twice', '{"__metadata__":{},"__metadata__":{}}', 0, 'occurs twice'],
    ['metadata that is no text', '{"__metadata__":{"epoch":3}}', 0, 'something else than text'],
    ['metadata null', '{"__metadata__":null}', 0, 'no object'],
    ['an unknown dtype', `{"a":${entry('[1]', '[0,4]', '"F33"')}}`, 4, 'unknown dtype'],
    ['a dtype in lower case', `{"a":${entry('[1]', '[0,4]', '"f32"')}}`, 4, 'unknown dtype'],
    ['a dtype of an object prototype', `{"a":${entry('[1]', '[0,4]', '"constructor"')}}`, 4, 'unknown dtype'],
    ['a dtype that is no text', `{"a":${entry('[1]', '[0,4]', '6')}}`, 4, 'dtype is missing'],
    ['no dtype', '{"a":{"shape":[1],"data_offsets":[0,4]}}', 4, 'dtype is missing'],
    ['no shape', '{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4, 'shape is missing'],
    ['no offsets', '{"a":{"dtype":"F32","shape":[1]}}', 4, 'data_offsets'],
    ['one offset', `{"a":${entry('[1]', '[0]')}}`, 4, 'data_offsets'],
    ['three offsets', `{"a":${entry('[1]', '[0,4,8]')}}`, 4, 'data_offsets'],
    ['an entry that is no object', '{"a":[]}', 0, 'no object'],
    ['a negative dimension', `{"a":${entry('[-1,-1]', '[0,4]')}}`, 4, 'natural'],
    ['a dimension with a fraction', `{"a":${entry('[1.0]', '[0,4]')}}`, 4, 'natural'],
    ['a dimension with an exponent', `{"a":${entry('[1e0]', '[0,4]')}}`, 4, 'natural'],
    ['a dimension as text', `{"a":${entry('["1"]', '[0,4]')}}`, 4, 'natural'],
    ['a dimension beyond 2^53', `{"a":${entry('[9007199254740993]', '[0,4]')}}`, 4, 'beyond 2^53'],
    ['a product beyond 2^64', `{"a":${entry('[4294967296,4294967296]', '[0,0]')}}`, 0, 'cannot hold'],
    ['a product that wraps to 4', `{"a":${entry('[4611686018427,4194304000001,4]', '[0,16]')}}`, 16, 'cannot hold'],
    [
      'a product beyond 2^53 made 0 by a zero',
      `{"a":${entry('[4294967296,4294967296,0]', '[0,0]')}}`,
      0,
      'cannot hold',
    ],
    ['nine dimensions', `{"a":${entry('[1,1,1,1,1,1,1,1,1]', '[0,4]')}}`, 4, '9 dimensions'],
    ['too few bytes for the shape', `{"a":${entry('[8]', '[0,24]')}}`, 24, 'cannot hold'],
    ['an end before the begin', `{"a":${entry('[1]', '[4,0]')}}`, 4, 'before it begins'],
    ['a negative offset', `{"a":${entry('[1]', '[-4,0]')}}`, 4, 'data_offsets'],
    ['offsets past the end', `{"a":${entry('[2]', '[0,8]')}}`, 4, 'cut short'],
    ['overlap', `{"a":${entry('[2]', '[0,8]')},"b":${entry('[2]', '[4,12]')}}`, 12, 'overlaps'],
    ['the same bytes twice', `{"a":${entry('[2]', '[0,8]')},"b":${entry('[2]', '[0,8]')}}`, 8, 'overlaps'],
    ['an empty tensor inside of another', `{"a":${entry('[2]', '[0,8]')},"b":${entry('[0]', '[4,4]')}}`, 8, 'overlaps'],
    ['a hole', `{"a":${entry('[1]', '[0,4]')},"b":${entry('[1]', '[8,12]')}}`, 12, 'belong to no tensor'],
    ['a begin after 0', `{"a":${entry('[1]', '[4,8]')}}`, 8, 'belong to no tensor'],
    ['trailing bytes', `{"a":${entry('[1]', '[0,4]')}}`, 5, 'follow the last'],
    ['data without tensors', '{}', 1, 'follow the last'],
    ['deep nesting', `{"a":${'['.repeat(100_000)}`, 0, 'deeper'],
    ['a cut header', '{"a":{"dtype":"F32"', 0, 'not valid'],
    ['half a surrogate pair', `{"\\udc00":${entry('[1]', '[0,4]')}}`, 4, 'surrogate'],
  ];

  it.each(hostile)('refuses %s', (_, text, data, message) => {
    expect(() => parse(text, data)).toThrow(message);
    expect(() => parse(text, data)).toThrow(/^safetensors: x\.safetensors: /);
  });

  it('refuses one entry more than the limit', () => {
    const text = (count: number): string =>
      `{${Array.from({ length: count }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join()}}`;
    expect(parse(text(headerLimits.entries), 0).tensors.size).toBe(headerLimits.entries);
    expect(() => parse(text(headerLimits.entries + 2), 0)).toThrow('members');
  });

  it('refuses or reads whatever a header is changed into, and what it reads covers the data exactly', () => {
    const types = Object.keys(elementTypes);
    const valid = encode(
      `{"__metadata__":{"format":"pt"},"a.weight":${entry('[2,3]', '[0,24]')},"b":${entry('[4]', '[24,32]', '"F16"')},"n":${entry('[0]', '[32,32]')}}    `,
    );
    const edit = fc.record({
      at: fc.nat(valid.length - 1),
      remove: fc.nat(3),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc
          .constantFrom(
            ...types,
            '-1',
            '0',
            '4294967296',
            '"',
            '{',
            '}',
            '[',
            ']',
            ',',
            ':',
            '\\u0000',
            '1e9',
            '24',
            '32',
          )
          .map(encode),
      ),
    });
    const mutated = fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => edits.reduce(splice, valid));
    fc.assert(
      fc.property(mutated, (bytes) => {
        const data = 32;
        try {
          const { tensors } = parseSafetensorsHeader(bytes, 8 + bytes.length + data, 'x');
          const total = [...tensors.values()].reduce((sum, { begin, end }) => sum + end - begin, 0);
          expect(total).toBe(data);
        } catch (error) {
          if (!(error instanceof TorchError)) throw error;
          expect(error.code).toBe('E_FORMAT');
        }
      }),
      { numRuns: 5000 },
    );
  });
});

function splice(
  bytes: Uint8Array,
  { at, remove, insert }: { at: number; remove: number; insert: Uint8Array },
): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)]);
}
