import { afterEach, expect, test, vi } from 'vitest';
import { interruptedCode, interruptible } from './interrupt.ts';
import { Progress } from './progress.ts';

const before = process.listeners('SIGINT');
afterEach(() => {
  vi.restoreAllMocks();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    for (const listener of process.listeners(name)) if (!before.includes(listener)) process.off(name, listener);
});

test('a second signal within a second is an echo of the first, one after it ends the process', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  let time = 5000;
  const said: string[] = [];
  const progress = new Progress({ write: (text) => said.push(text) });
  const work = interruptible(
    progress,
    (signal) => new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(signal.reason as Error))),
    () => time,
  );
  process.emit('SIGINT');
  time += 900;
  process.emit('SIGINT');
  await expect(work).rejects.toMatchObject({ code: 'interrupted' });
  process.emit('SIGINT'); // the echo may come late
  expect([exit.mock.calls.length, said.length]).toEqual([0, 1]);
  time += 200;
  process.emit('SIGINT');
  expect(exit.mock.calls).toEqual([[interruptedCode]]);
});

test('work that ends by itself leaves no listener behind', async () => {
  const count = process.listenerCount('SIGINT');
  expect(await interruptible(new Progress({ write: () => undefined }), () => Promise.resolve(7))).toBe(7);
  expect(process.listenerCount('SIGINT')).toBe(count);
});
