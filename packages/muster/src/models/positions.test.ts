import { generator, scope } from '@muster/torch';
import * as torch from '@muster/torch';
import { expect, test } from 'vitest';
import { interpolatePositions, sincos1d, sincos1dHalves, sincos2d } from './positions.ts';

test('a table of alternating sines and cosines', () => {
  scope(() => {
    const values = sincos1d(3, 4).toNested();
    const row = (p: number) => [Math.sin(p), Math.cos(p), Math.sin(p / 100), Math.cos(p / 100)].map(Math.fround);
    expect(values).toEqual([row(0), row(1), row(2)]);
    expect(sincos1dHalves(2, 4).slice(0, 1).toNumbers()).toEqual(
      [1, 1 / 100].flatMap((w) => Math.fround(Math.sin(w))).concat([1, 1 / 100].map((w) => Math.fround(Math.cos(w)))),
    );
  });
});

test('a table of two dimensions tells columns first, or rows first', () => {
  scope(() => {
    const columnsFirst = sincos2d(3, 8, { first: 'column', classToken: false }).reshape([3, 3, 8]);
    const rowsFirst = sincos2d(3, 8, { first: 'row', classToken: false }).reshape([3, 3, 8]);
    expect(rowsFirst.transpose(0, 1).eq(columnsFirst).all().item()).toBe(1);
    const column = sincos1dHalves(3, 4);
    expect(columnsFirst.select(0, 2).narrow(1, 0, 4).eq(column).all().item()).toBe(1);
    const withClass = sincos2d(3, 8, { first: 'column', classToken: true });
    expect(withClass.shape).toEqual([10, 8]);
    expect(withClass.select(0, 0).abs().sum().item()).toBe(0);
  });
  expect(() => sincos2d(3, 6, { first: 'row', classToken: false })).toThrow(/4 n/);
  expect(() => sincos1d(3, 5)).toThrow(/even width/);
});

test.each(['plain', 'antialias', 'dino'] as const)(
  'resampling %s keeps the leading tokens and a constant grid',
  (mode) => {
    scope(() => {
      const positions = torch.randn([1, 2 + 9, 4], { dtype: 'float32', generator: generator(3) });
      positions.slice(1, 2).fill_(0.5);
      const resized = interpolatePositions(positions, { extra: 2, height: 5, width: 4 }, mode);
      expect(resized.shape).toEqual([1, 22, 4]);
      expect(
        resized
          .slice(1, 0, 2)
          .eq(positions.slice(1, 0, 2))
          .all()
          .item(),
      ).toBe(1);
      expect(resized.slice(1, 2).sub(0.5).abs().max().item()).toBeLessThan(1e-6);
    });
  },
);

test('positions of the same grid come back as they are; those of no square grid are refused', () => {
  scope(() => {
    const positions = torch.zeros([1, 10, 4], { dtype: 'float32' });
    expect(interpolatePositions(positions, { extra: 1, height: 3, width: 3 }, 'dino')).toBe(positions);
    expect(() => interpolatePositions(positions, { extra: 0, height: 3, width: 3 }, 'plain')).toThrow(/no square grid/);
  });
});
