import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonReal, parseStrictJson } from './strict-json.ts';
import type { JsonValue } from './strict-json.ts';

const limits = { depth: 8, members: 100, values: 10_000, textBytes: 1000 };
const parse = (text: string): JsonValue => parseStrictJson(new TextEncoder().encode(text), limits).value;

/** Back to plain values, as JSON.parse gives them. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof JsonReal ? Number(value.text) : value;
}

describe('parseStrictJson', () => {
  it('agrees with JSON.parse on valid JSON', () => {
    const json = fc.json({ maxDepth: 5, noUnicodeString: false }).filter((text) => !text.includes('__proto__'));
    fc.assert(
      fc.property(json, (text) => {
        const naturalBeyond = /\d{16}/.test(text);
        if (!naturalBeyond) expect(plain(parse(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what JSON.parse refuses', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        const valid = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        if (valid) return;
        // The parser leaves what follows the value to its caller.
        const accepted = (() => {
          try {
            return parseStrictJson(new TextEncoder().encode(text), limits).end === text.length;
          } catch {
            return false;
          }
        })();
        expect(accepted).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a key twice', '{"a":1,"a":2}', 'occurs twice'],
    ['a key twice by an escape', '{"a":1,"\\u0061":2}', 'occurs twice'],
    ['half a surrogate pair', '"\\ud800"', 'surrogate'],
    ['a natural beyond 2^53', '9007199254740992', 'beyond 2^53'],
    ['a leading zero', '01', 'not JSON'],
    ['a raw line feed in a string', '"a\nb"', 'does not end'],
    ['a string without end', '"abc', 'does not end'],
    ['an escape without end', '"abc\\', 'does not end'],
    ['a wrong escape', '"\\x41"', 'escape'],
    ['nesting', '[[[[[[[[[1]]]]]]]]]', 'deeper than 8'],
    ['too many values', `[${'1,'.repeat(10_000)}1]`, 'more than 10000 values'],
    ['too many members', `{${Array.from({ length: 101 }, (_, i) => `"${i}":0`).join()}}`, 'more than 100 members'],
    ['a long string', `"${'x'.repeat(1001)}"`, 'more than 1000 bytes'],
    ['nothing', '', 'missing'],
    ['an open object', '{"a":1', 'comma or }'],
    ['a comma too many', '[1,]', 'missing'],
    ['NaN', 'NaN', 'not JSON'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  it('refuses UTF-8 that is not valid', () => {
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xc3, 0x28, 0x22), limits)).toThrow('UTF-8');
    expect(() => parseStrictJson(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), limits)).toThrow('UTF-8');
  });

  it('keeps numbers that are no naturals apart', () => {
    expect(parse('[0, 7, -1, 1.0, 1e3]')).toEqual([0, 7, new JsonReal('-1'), new JsonReal('1.0'), new JsonReal('1e3')]);
  });

  it('treats no key as special', () => {
    expect(parse('{"__proto__":1}')).toEqual(new Map([['__proto__', 1]]));
  });
});
