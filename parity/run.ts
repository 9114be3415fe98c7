import { parseArgs } from 'node:util';
import { checkCase } from './check.ts';
import type { CaseRecord } from './case.ts';
import { kinds } from './kinds/index.ts';
import { ManifestError, readManifest } from './manifest.ts';
import { Pack } from './pack.ts';

const USAGE = 'usage: npm run parity -- <pack folder> [--kind <prefix>] [--id <text>]';

/** What to check: a pack, and which of its cases. */
export interface Selection {
  readonly folder: string;
  /** Beginning of the kinds to check, such as `nn.`; all where absent. */
  readonly kind?: string;
  /** Part of the ids to check; all where absent. */
  readonly id?: string;
}

/** How many cases of a pack agree. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Checks the selected cases of a pack in the manifest's order, one line a case and the sums last.
 * @param write takes each line, without its end
 * @throws ManifestError where the folder is no pack or nothing is selected
 */
export async function runPack(selection: Selection, write: (line: string) => void): Promise<Tally> {
  const cases = readManifest(selection.folder).filter((record) => isSelected(record, selection));
  if (cases.length === 0) throw new ManifestError(`${selection.folder}: no case is selected`);
  using pack = new Pack(selection.folder);
  let failed = 0;
  for (const record of cases) {
    const why = await checkCase(record, pack, kinds);
    if (why !== undefined) failed++;
    write(why === undefined ? `pass ${record.id}` : `FAIL ${record.id}: ${why}`);
  }
  const passed = cases.length - failed;
  write(`${passed} passed, ${failed} failed`);
  return { passed, failed };
}

function isSelected(record: CaseRecord, { kind = '', id = '' }: Selection): boolean {
  return record.kind.startsWith(kind) && record.id.includes(id);
}

async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      options: { kind: { type: 'string' }, id: { type: 'string' } },
      allowPositionals: true,
    });
    const [folder, ...rest] = positionals;
    if (folder === undefined || rest.length > 0) throw new TypeError('one pack folder is needed');
    const tally = await runPack({ folder, ...values }, (line) => process.stdout.write(`${line}\n`));
    return tally.failed === 0 ? 0 : 1;
  } catch (error) {
    const usage = error instanceof TypeError ? `\n${USAGE}` : '';
    process.stderr.write(`parity: ${error instanceof Error ? error.message : String(error)}${usage}\n`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = await main();
