import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactText, pathText } from './path-text.ts';

test('plain names stay, odd ones are shown', () => {
  expect(pathText(Buffer.from('a/ä é 😀 "\'.jpg'))).toBe('a/ä é 😀 "\'.jpg');
  expect(pathText(Buffer.from('line\nbreak\u202e'))).toBe('line\\x0abreak\\u{202e}');
  expect(pathText(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xc3]))).toBe('a\\xffä\\xc3');
  expect(pathText(Buffer.from('a\\xff'))).toBe('a\\\\xff');
  expect(exactText(Buffer.from([0xff]))).toBeUndefined();
});

test('different bytes give different texts', () => {
  const name = fc.array(fc.constantFrom(0x61, 0x5c, 0x78, 0xff, 0x0a, 0x66, 0xc3, 0xa4, 0x30), { maxLength: 6 });
  fc.assert(
    fc.property(name, name, (a, b) => {
      fc.pre(Buffer.compare(Buffer.from(a), Buffer.from(b)) !== 0);
      expect(pathText(Uint8Array.from(a))).not.toBe(pathText(Uint8Array.from(b)));
    }),
    { numRuns: 2000 },
  );
});
