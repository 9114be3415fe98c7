import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const program = fileURLToPath(new URL('./fixtures/killed-training.ts', import.meta.url));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-killed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  /** Numbers of the steps that were made. */
  readonly steps: readonly number[];
  /** Of everything trained; null where it was killed. */
  readonly digest: string | null;
}

/** Runs the training in a process of its own, which is killed in step `killAt`. */
async function run(checkpoints: string, pause: number, killAt = Infinity): Promise<Outcome> {
  const args = ['--conditions=muster-source', program, checkpoints, String(pause)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.includes(`step ${killAt}\n`)) child.kill('SIGKILL');
  }
  const steps = [...text.matchAll(/^step (\d+)$/gmu)].map(([, step]) => Number(step));
  return { steps, digest: /^digest (\w+)$/mu.exec(text)?.[1] ?? null };
}

test('killed twice in the middle of an epoch, a training ends with the same bits', { timeout: 60_000 }, async () => {
  const whole = await run(join(folder, 'whole'), 0);
  expect(whole.digest).not.toBeNull();
  const killed = join(folder, 'killed');
  const first = await run(killed, 40, 13);
  const second = await run(killed, 40, 27);
  writeFileSync(join(killed, '.killed.safetensors.1-00000000.part'), 'half a checkpoint');
  const third = await run(killed, 0);
  expect([first.digest, second.digest]).toEqual([null, null]);
  expect(second.steps[0]).toBeGreaterThan(0);
  expect(third.steps[0]).toBeGreaterThan(second.steps[0] ?? 0);
  expect(third.steps[0]).toBeLessThanOrEqual(28);
  expect(third.steps.at(-1)).toBe(39);
  expect(third.digest).toBe(whole.digest);
  expect(readdirSync(killed)).toEqual(['killed.safetensors']);
});
