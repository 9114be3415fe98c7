import type { Command } from 'commander';
import { exitCodes, printable } from '../base/index.ts';
import { examine, type DoctorReport } from '../pipeline/index.ts';

/** `muster doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('show what this machine offers, what is wrong, and the fix')
    .option('--json', 'print what was found as JSON')
    .action(async ({ json }: { json?: true }) => {
      const report = await examine();
      process.stdout.write(json === true ? `${JSON.stringify(report, null, 2)}\n` : doctorText(report));
      if (!report.healthy) process.exitCode = exitCodes.resources;
    });
}

const marks = { good: 'ok', note: 'note', bad: 'WRONG' } as const;

/** A line a finding, and under it what to do. */
export function doctorText({ lines, healthy }: DoctorReport): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  const rows = lines.flatMap(({ name, state, found, fix }) => [
    `${marks[state].padEnd(5)}  ${name.padEnd(width)}  ${printable(found)}`,
    ...(fix === null ? [] : [`${' '.repeat(width + 9)}-> ${printable(fix)}`]),
  ]);
  const wrong = lines.filter(({ state }) => state === 'bad').length;
  return `${[...rows, '', healthy ? 'All is well.' : `${wrong} of ${lines.length} checks found something wrong.`].join('\n')}\n`;
}
