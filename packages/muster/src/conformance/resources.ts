import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setThreads, threads } from '@muster/torch';

/** Gives a folder that is removed afterwards. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-conformance-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Uses what a fit gives, and frees it. */
export async function whileFitted<Fit extends { dispose(): void }, T>(
  fitting: Promise<Fit>,
  use: (fit: Fit) => T | Promise<T>,
): Promise<T> {
  const fit = await fitting;
  try {
    return await use(fit);
  } finally {
    fit.dispose();
  }
}

/** What comes of the same work with one thread and with two. */
export async function withThreads<T>(work: () => Promise<T>): Promise<[alone: T, together: T]> {
  const before = threads();
  try {
    setThreads(1);
    const alone = await work();
    setThreads(2);
    return [alone, await work()];
  } finally {
    setThreads(before);
  }
}
