import { relative } from 'node:path';
import type { Command } from 'commander';
import { printable } from '../base/index.ts';
import { drawFigures, figureNames, type FiguresResult } from '../pipeline/index.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';

interface Flags {
  readonly labels?: string;
  readonly only?: string;
  readonly points?: number | string;
  readonly seed?: number | string;
  readonly out?: string;
  readonly store?: string;
  readonly threads?: number | string;
  readonly json?: true;
}

/** `muster figures <run>`. */
export function addFiguresCommand(program: Command): void {
  program
    .command('figures')
    .description("draw the papers' figures of a run as SVG files")
    .argument('<run>', 'a run: its folder, its store (muster-<name>), its id, or latest')
    .option('--labels <what>', '"folders", or a CSV file (file,label) (default: what the run was scored against)')
    .option('--only <names>', `some of ${figureNames.join(',')} (default: all that can be drawn)`)
    .addOption(numberOption('--points <n>', 'images laid out in the plane at most; more are sampled (default: 3000)'))
    .addOption(numberOption('--seed <n>', "seed of samples and layouts (default: the run's)"))
    .option('--out <dir>', "folder for the figures (default: figures in the run's folder)")
    .option('--store <dir>', 'folder of the embeddings, where it is not in a usual place')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print the list of files as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  muster figures latest\n  muster figures muster-flowers --labels folders --only umap,confusion',
    )
    .action(figures);
}

async function figures(run: string, { json, only, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const names = only === undefined ? {} : { only: only.split(',').map((name) => name.trim()) };
  const options = { run, ...names, ...flags } as Parameters<typeof drawFigures>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => drawFigures(options, progress.emit, signal));
  process.stdout.write(json === true ? `${JSON.stringify(result, null, 2)}\n` : figuresTable(result, process.cwd()));
}

/** The files as a person reads them on a terminal. */
export function figuresTable({ files, missing }: FiguresResult, cwd: string): string {
  const shown = files.map(({ path, title }) => ({ path: shortPath(path, cwd), title }));
  const width = Math.max(0, ...shown.map(({ path }) => path.length));
  const lines = shown.map(({ path, title }) => `${path.padEnd(width)}  ${title}`);
  lines.push(...missing.map(({ name, reason }) => `Not drawn: ${name}: ${reason}`));
  return `${lines.map(printable).join('\n')}\n`;
}

function shortPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith('..') ? path : way;
}
