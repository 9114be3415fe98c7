import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCsv, writeCsv } from './csv.ts';

describe('parseCsv', () => {
  test('quotes, doubled quotes, line ends inside cells, all three line ends, a byte-order mark', () => {
    expect(parseCsv('\ufefffile,label\r\n"a,b",1\n"say ""hi""",x\r"two\nlines",\n', 'f')).toEqual([
      ['file', 'label'],
      ['a,b', '1'],
      ['say "hi"', 'x'],
      ['two\nlines', ''],
    ]);
  });

  test('skips empty lines, keeps empty cells, needs no last line end', () => {
    expect(parseCsv('a,b\n\n\r\n,\nc,', 'f')).toEqual([
      ['a', 'b'],
      ['', ''],
      ['c', ''],
    ]);
    expect(parseCsv('', 'f')).toEqual([]);
  });

  test('names file and line of what is malformed', () => {
    expect(() => parseCsv('a,b\n"x\ny",1\n"open', 'l.csv')).toThrow('l.csv: line 4: a quoted cell is not closed');
    expect(() => parseCsv('a\n"b"c,d\n', 'l.csv')).toThrow('l.csv: line 2: text after a closing quote');
  });

  test('reads back whatever is written', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', '\r\n', ' ', 'é', '=', '\t', "'") });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
        expect(parseCsv(writeCsv(rows), 'f')).toEqual(rows);
      }),
    );
  });
});

describe('writeCsv', () => {
  test('numbers, nothing and truth values', () => {
    expect(writeCsv([['x', -1.5, null, true]])).toBe('x,-1.5,,true\n');
    expect(() => writeCsv([[Number.NaN]])).toThrow('a cell is NaN');
  });

  test('formulas are quoted for people and exact for programs', () => {
    const row = ['=1+1', '+x', '-x', '@x', '\tx', '\rx', 'x=1', -3];
    expect(parseCsv(writeCsv([row], { formulas: 'quote' }), 'f')).toEqual([
      ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", 'x=1', '-3'],
    ]);
    expect(parseCsv(writeCsv([row]), 'f')).toEqual([row.map(String)]);
  });
});
