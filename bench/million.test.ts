import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setThreads } from '@muster/torch';
import { expect, it } from 'vitest';
import { measureMillion } from './million.ts';

it('measures a small table: file, inertia within 2 % of whole runs, memory', async () => {
  setThreads(1);
  const folder = mkdtempSync(join(tmpdir(), 'muster-million-'));
  try {
    const file = join(folder, 'made.safetensors');
    const made = { file, rows: 36_000, columns: 16, groups: 8, seed: 1, sampleRows: 8_000 };
    const found = await measureMillion(made);
    expect(found.fileBytes).toBeGreaterThan(36_000 * 16 * 4);
    expect(found.algorithm).toBe('mini-batch');
    expect(found.inertiaRatio).toBeLessThan(1.02);
    expect(found.inertiaRatio).toBeGreaterThan(0.9);
    expect(found.emptyGroups).toBe(0);
    expect(process.platform !== 'linux' || found.peakBytes >= found.startBytes).toBe(true);
    const { inertia } = await measureMillion(made);
    expect(inertia).toBe(found.inertia);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
