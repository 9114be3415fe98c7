import { relative } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { printable } from '../base/index.ts';
import { drawFigures, figureNames, type FiguresResult } from '../pipeline/index.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';
import { sweepTable } from './sweep-table.ts';

interface Flags {
  readonly labels?: string;
  readonly only?: string;
  readonly sweep?: Readonly<Record<string, string>>;
  readonly sweepSeeds?: number | string;
  readonly beside?: readonly string[];
  readonly points?: number | string;
  readonly format?: string;
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
    .description("draw the papers' figures of a run as SVG or PNG files")
    .argument('<run>', 'a run: its folder, its store (muster-<name>), its id, or latest')
    .option('--labels <what>', '"folders", or a CSV file (file,label) (default: what the run was scored against)')
    .option(
      '--only <names>',
      `some of ${figureNames.join(',')} (default: all that can be drawn; with --sweep or --beside: none)`,
    )
    .addOption(
      new Option(
        '--sweep <key=values>',
        "fit the run's method anew with each value of an option, and draw its scores over them; may be repeated",
      ).argParser(keyValues),
    )
    .addOption(numberOption('--sweep-seeds <n>', 'fits of each value, with one seed after the other (default: 1)'))
    .addOption(
      new Option(
        '--beside <run>',
        'draw the label consistency of this run beside that of another run of the same images; may be repeated',
      ).argParser((run: string, earlier: readonly string[] = []) => [...earlier, run]),
    )
    .option('--format <name>', 'svg; png, twice as large, for slides; or both (default: svg)')
    .addOption(numberOption('--points <n>', 'images laid out in the plane at most; more are sampled (default: 3000)'))
    .addOption(numberOption('--seed <n>', "seed of samples and layouts (default: the run's)"))
    .option('--out <dir>', "folder for the figures (default: figures in the run's folder)")
    .option('--store <dir>', 'folder of the embeddings, where it is not in a usual place')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print the list of files and the numbers of sweeps as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  muster figures latest\n  muster figures muster-flowers --labels folders --only umap,confusion --format both\n  muster figures latest --sweep neighbours=5,10,20,50 --sweep-seeds 3\n  muster figures latest --beside muster-flowers-small',
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
export function figuresTable({ files, missing, sweeps }: FiguresResult, cwd: string): string {
  const shown = files.map(({ path, title }) => ({ path: shortPath(path, cwd), title }));
  const width = Math.max(0, ...shown.map(({ path }) => path.length));
  const lines = shown.map(({ path, title }) => `${path.padEnd(width)}  ${title}`);
  lines.push(...missing.map(({ name, reason }) => `Not drawn: ${name}: ${reason}`));
  for (const sweep of sweeps) lines.push('', ...sweepTable(sweep));
  return `${lines.map(printable).join('\n')}\n`;
}

/** Adds `key=value,value` to those that came before. @throws InvalidArgumentError where there is no `=` */
function keyValues(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as key=value,value, such as --sweep neighbours=5,10,20.');
  return { ...earlier, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

function shortPath(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith('..') ? path : way;
}
