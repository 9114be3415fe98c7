import { expect, test } from 'vitest';
import { scope, tensor } from '@muster/torch';
import type { MusterEvent } from '../../base/index.ts';
import { judgeSpread, spreadOf } from './spread.ts';

test('spread: 0 of equal rows, 1 of rows around 0, whatever their scale', () => {
  scope(() => {
    const rows = (...values: number[]) => tensor(Float32Array.from(values), [values.length / 2, 2]);
    expect(spreadOf(rows(3, 4, 3, 4, 3, 4))).toBe(0);
    expect(spreadOf(rows(0, 0, 0, 0))).toBe(0);
    expect(spreadOf(rows(1, 0, -1, 0, 0, 2, 0, -2))).toBeCloseTo(1, 6);
    expect(spreadOf(rows(300, 100, 300, -100))).toBeCloseTo(Math.sqrt(0.1), 6);
  });
});

test('some images of a large collection are looked at, and a collapse is said', () => {
  const events: MusterEvent[] = [];
  scope(() => {
    const pixels = tensor(
      Uint8Array.from({ length: 1500 }, (_, at) => at % 7),
      [1500, 1, 1, 1],
    );
    let seen = 0;
    const embed = (differs: boolean) => (some: typeof pixels) => {
      seen = some.shape[0] ?? 0;
      return some
        .view([seen, 1])
        .to('float32')
        .mul(differs ? 1 : 1e-5)
        .add(1);
    };
    expect(judgeSpread(pixels, embed(true), 'nat', (event) => events.push(event))).toBeGreaterThan(0.1);
    expect(seen).toBe(500);
    expect(events).toEqual([]);
    judgeSpread(pixels, embed(false), 'nat', (event) => events.push(event));
  });
  expect(events).toMatchObject([
    { stage: 'nat', level: 'warning', message: /collapsed/, values: { spread: expect.any(Number) } },
  ]);
});
