import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Budget, mapOrdered } from './ordered.ts';

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

describe('mapOrdered', () => {
  test('keeps the order whatever finishes first, and the bound on what runs', async () => {
    let running = 0;
    let most = 0;
    const job = async (ms: number) => {
      most = Math.max(most, ++running);
      await wait(ms);
      running--;
      return ms;
    };
    expect(await collect(mapOrdered([30, 1, 20, 5, 1, 1], job, { concurrency: 3, ahead: 6 }))).toEqual([
      30, 1, 20, 5, 1, 1,
    ]);
    expect(most).toBe(3);
  });

  test('works ahead of a slow consumer, but no further than told', async () => {
    let started = 0;
    const results = mapOrdered(
      Array.from({ length: 50 }, (_, i) => i),
      (i) => Promise.resolve((started++, i)),
      { concurrency: 2, ahead: 5 },
    );
    expect((await results.next()).value).toBe(0);
    await wait(5);
    expect(started).toBe(5);
    await results.return();
  });

  test('a consumer that leaves stops it; what runs is waited for', async () => {
    let finished = 0;
    let started = 0;
    const job = async () => {
      started++;
      await wait(5);
      finished++;
    };
    for await (const _ of mapOrdered(Array.from({ length: 100 }), job, { concurrency: 4 })) break;
    expect(finished).toBe(started);
    expect(started).toBeLessThan(12);
  });

  test('a job’s error arrives in its turn, and no rejection is left unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const seen: number[] = [];
    const job = async (i: number) => (i >= 2 ? Promise.reject(new Error(`job ${i}`)) : i);
    await expect(
      (async () => {
        for await (const value of mapOrdered([0, 1, 2, 3, 4], job, { concurrency: 5 })) seen.push(value);
      })(),
    ).rejects.toThrow('job 2');
    await wait(5);
    process.off('unhandledRejection', note);
    expect([seen, unhandled]).toEqual([[0, 1], []]);
  });

  test('an abort ends it with the signal’s reason', async () => {
    const controller = new AbortController();
    const results = mapOrdered([1, 2, 3], (i) => Promise.resolve(i), { concurrency: 1, signal: controller.signal });
    await results.next();
    controller.abort(new Error('enough'));
    await expect(results.next()).rejects.toThrow('enough');
  });
});

describe('Budget', () => {
  test('serves in order within its total; one that is larger than all is served alone', async () => {
    const budget = new Budget(10);
    const log: string[] = [];
    const ask = (name: string, amount: number) =>
      budget.reserve(amount).then((release) => {
        log.push(name);
        return release;
      });
    const first = await ask('a', 6);
    const waiting = [ask('b', 5), ask('c', 1), ask('d', 50)] as const;
    await wait(1);
    expect(log).toEqual(['a']);
    first();
    const [b, c] = [await waiting[0], await waiting[1]];
    await wait(1);
    expect(log).toEqual(['a', 'b', 'c']);
    b();
    await wait(1);
    expect(log).toEqual(['a', 'b', 'c']);
    c();
    (await waiting[2])();
    expect(log).toEqual(['a', 'b', 'c', 'd']);
  });
});
