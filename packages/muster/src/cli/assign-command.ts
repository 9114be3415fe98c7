import type { Command } from 'commander';
import { exitCodes } from '../base/index.ts';
import { assignImages } from '../pipeline/index.ts';
import { assignJson, assignTable } from './assign-table.ts';
import { skippedLimit } from './cluster-command.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';

interface Flags {
  readonly followLinks?: true;
  readonly labels?: string;
  readonly out?: string;
  readonly store?: string;
  readonly threads?: number | string;
  readonly json?: true;
}

/** `muster assign <run> <folder>`. */
export function addAssignCommand(program: Command): void {
  program
    .command('assign')
    .description('give new images the groups of a run; the run stays as it is')
    .argument('<run>', 'a run of muster cluster or train: its folder, its id, or latest')
    .argument('<folder>', 'a folder of images, a .tar or a .tar.gz, a data set or its name; only read, never changed')
    .option('--follow-links', 'follow links that stay inside the folder (default: they are reported and left out)')
    .option('--split <names>', 'splits of a data set, such as test (default: all that have labels)')
    .option('--labels <what>', 'score the groups: "folders" takes folder names as labels, or a CSV file (file,label)')
    .option('--out <dir>', 'folder for the result (default: a new one in the store)')
    .option('--store <dir>', 'folder for embeddings and results (default: ./muster-<folder>)')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print groups and metrics as JSON')
    .addHelpText('after', '\nExamples:\n  muster assign latest holiday\n  muster assign latest test --labels folders')
    .action(assign);
}

async function assign(run: string, source: string, { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const options = { run, source, ...flags } as Parameters<typeof assignImages>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => assignImages(options, progress.emit, signal));
  process.stdout.write(json === true ? assignJson(result) : assignTable(result, process.cwd()));
  if (result.skipped.length > skippedLimit * (result.images + result.skipped.length))
    process.exitCode = exitCodes.skipped;
}
