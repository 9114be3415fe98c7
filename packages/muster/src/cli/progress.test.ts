import { describe, expect, test } from 'vitest';
import { Progress } from './progress.ts';

function listen(isTTY: boolean): { said: string[]; progress: Progress; at: (ms: number) => void } {
  const said: string[] = [];
  let now = 0;
  const progress = new Progress({ write: (text) => said.push(text), isTTY, columns: 60 }, () => now);
  return { said, progress, at: (ms) => (now = ms) };
}

describe('Progress', () => {
  test('where nobody watches, a plain line every ten seconds with speed and time left', () => {
    const { said, progress, at } = listen(false);
    for (let second = 0; second <= 25; second++) {
      at(second * 1000);
      progress.emit({ stage: 'embed', done: second * 10, total: 1000, unit: 'images' });
    }
    expect(said).toEqual([
      'Embedding: 100 of 1,000 images, 10 a second, 1 min 30 s left\n',
      'Embedding: 200 of 1,000 images, 10 a second, 1 min 20 s left\n',
    ]);
  });

  test('what was done before does not count as speed', () => {
    const { said, progress, at } = listen(false);
    progress.emit({ stage: 'embed', done: 500, total: 1000, unit: 'images' });
    at(10_000);
    progress.emit({ stage: 'embed', done: 550, total: 1000, unit: 'images' });
    expect(said).toEqual(['Embedding: 550 of 1,000 images, 5.0 a second, 1 min 30 s left\n']);
  });

  test('on a terminal one line is rewritten, cut to the width, and taken away at the end', () => {
    const { said, progress, at } = listen(true);
    progress.emit({ stage: 'embed', done: 0, total: 9, unit: 'images' });
    at(20);
    progress.emit({ stage: 'embed', done: 1, total: 9, unit: 'images' });
    at(200);
    progress.emit({ stage: 'find', message: 'x'.repeat(500) });
    progress.clear();
    expect(said[0]).toBe('\r\u001b[KEmbedding: 0 of 9 images');
    expect(said).toHaveLength(3);
    expect(said[1]).toBe(`\r\u001b[K${'x'.repeat(59)}`);
    expect(said[2]).toBe('\r\u001b[K');
  });

  test('warnings are always said, with control characters shown', () => {
    const { said, progress } = listen(false);
    progress.emit({ stage: 'embed', level: 'warning', message: 'bad \u001b[31mfile' });
    expect(said).toEqual(['warning: bad \\x1b[31mfile\n']);
  });
});
