import assert from 'node:assert/strict';
import type { Emit } from '../base/index.ts';

/** Demands that work says a collapse by a warning event. */
export async function demandCollapseSaid(work: (emit: Emit) => Promise<unknown>): Promise<void> {
  const warnings: string[] = [];
  await work(({ level, message = '' }) => {
    if (level === 'warning') warnings.push(message);
  });
  assert.ok(
    warnings.some((message) => message.includes('collapsed')),
    `warnings: ${warnings.join('; ')}`,
  );
}
