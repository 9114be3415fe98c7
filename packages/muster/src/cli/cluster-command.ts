import { Option, type Command } from 'commander';
import { exitCodes } from '../base/index.ts';
import { clusterFolder } from '../pipeline/index.ts';
import { clusterJson, clusterTable } from './cluster-table.ts';
import { interruptible } from './interrupt.ts';
import { Progress } from './progress.ts';

/** From this share of files left out on, the command ends with exit code 1. */
const skippedLimit = 0.1;

interface Flags {
  readonly followLinks?: true;
  readonly groups?: number | string;
  readonly seed?: number | string;
  readonly restarts?: number | string;
  readonly out?: string;
  readonly store?: string;
  readonly labels?: string;
  readonly threads?: number | string;
  readonly json?: true;
}

/** `muster cluster <folder>`. */
export function addClusterCommand(program: Command): void {
  program
    .command('cluster')
    .description('group the images of a folder and name the groups')
    .argument('<folder>', 'a folder of images, a .tar or a .tar.gz; only read, never changed')
    .option('--follow-links', 'follow links that stay inside the folder (default: they are reported and left out)')
    .addOption(number('-k, --groups <n>', 'number of groups (default: estimated from the images)'))
    .addOption(number('--seed <n>', 'seed of every random choice: the same seed gives the same groups (default: 0)'))
    .addOption(number('--restarts <n>', 'starts of k-means, the best of which is kept (default: 10 to 40, by size)'))
    .option('--labels <what>', 'score the groups: "folders" takes folder names as labels, or a CSV file (file,label)')
    .option('--out <dir>', 'folder for this run (default: a new one in the store)')
    .option('--store <dir>', 'folder for embeddings and runs (default: ./muster-<folder>)')
    .addOption(number('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print settings, clusters and metrics as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  muster cluster photos\n  muster cluster photos -k 12 --seed 1\n  muster cluster flowers.tar --labels folders',
    )
    .action(cluster);
}

async function cluster(source: string, { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const options = { source, ...flags } as Parameters<typeof clusterFolder>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => clusterFolder(options, progress.emit, signal));
  process.stdout.write(json === true ? clusterJson(result) : clusterTable(result, process.cwd()));
  const files = result.images + result.skipped.length;
  if (result.skipped.length > skippedLimit * files) process.exitCode = exitCodes.skipped;
}

/** An option whose text becomes a number where it is one; what it may be is the schema's affair. */
function number(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) =>
    /^-?\d+(\.\d+)?$/u.test(text) ? Number(text) : text,
  );
}
