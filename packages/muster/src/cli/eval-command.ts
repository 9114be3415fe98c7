import { Option, type Command } from 'commander';
import { printable } from '../base/index.ts';
import { evaluateRun, type EvaluateResult } from '../pipeline/index.ts';
import { shortPath } from './cluster-table.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';

type Flags = Readonly<Record<string, unknown>> & { readonly json?: true };

/** `muster eval <run>`. */
export function addEvalCommand(program: Command): void {
  program
    .command('eval')
    .description('score a run against labels: its groups, the checkpoints that its training kept, a linear probe')
    .argument('<run>', 'a run: its folder, its store (muster-<name>), its id, or latest')
    .option('--checkpoints', 'score every kept checkpoint: a table and a chart over epochs')
    .option('--probe', 'fit a linear classifier on the features of the training split: it learns from labels')
    .addOption(
      new Option(
        '--probe-views <kind>',
        'what it is fitted on: random views as in the training, or plain images: faster',
      )
        .choices(['training', 'plain'])
        .default(undefined, 'training'),
    )
    .addOption(numberOption('--probe-epochs <n>', 'epochs of the probe (default: 100)'))
    .option('--labels <what>', '"folders": those that come with the data; or a CSV file (file,label)')
    .addOption(numberOption('-k, --groups <n>', "k-means groups of a pretraining's embeddings (default: the classes)"))
    .addOption(numberOption('--seed <n>', 'seed of k-means and of the probe (default: 0)'))
    .option('--out <dir>', "folder for tables and charts (default: evaluation in the run's folder)")
    .option('--store <dir>', 'folder of the pixels, where it is not in a usual place')
    .option('--device <name>', 'cpu or cuda (default: cpu)')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print the scores as JSON')
    .addHelpText('after', '\nExamples:\n  muster eval latest --checkpoints\n  muster eval runs/rotnet --probe')
    .action(evaluate);
}

async function evaluate(run: string, { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const options = { run, ...flags } as Parameters<typeof evaluateRun>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => evaluateRun(options, progress.emit, signal));
  const text = json === true ? `${JSON.stringify(result, null, 2)}\n` : evalTable(result, process.cwd());
  process.stdout.write(text);
}

/** The run's scores, a line for each checkpoint, and the probe. */
export function evalTable(result: EvaluateResult, cwd: string): string {
  const { run, method, images, scores, checkpoints, probe, files, notes } = result;
  const three = ({ acc, nmi, ari }: { acc: number; nmi: number; ari: number }): string =>
    [acc, nmi, ari].map((score) => score.toFixed(3).padStart(6)).join(' ');
  const lines = [`${method}, ${shortPath(run, cwd)}, ${images.toLocaleString('en-US')} images`];
  lines.push(scores === null ? 'No labels, so no scores' : `ACC, NMI, ARI: ${three(scores).trim()}`);
  if (checkpoints !== null) {
    const width = Math.max(8, ...checkpoints.map(({ training }) => training.length));
    lines.push('', `  ${'training'.padEnd(width)}  epoch  groups     ACC    NMI    ARI`);
    for (const { training, epoch, groups, scores: own } of checkpoints)
      lines.push(
        `  ${training.padEnd(width)}  ${String(epoch).padStart(5)}  ${String(groups).padStart(6)}  ${three(own)}`,
      );
  }
  if (probe !== null)
    lines.push(
      '',
      `Linear probe, fitted on ${probe.views === 'plain' ? '' : 'random views of '}${probe.fit}, scored on ${probe.test}: ${probe.accuracy.toFixed(3)}`,
      `Note: ${probe.note}`,
    );
  for (const note of notes) lines.push(`Note: ${note}`);
  for (const file of files) lines.push(`Wrote ${shortPath(file, cwd)}`);
  return `${lines.map(printable).join('\n')}\n`;
}
