import { Option, type Command } from 'commander';
import { printable } from '../base/index.ts';
import { evaluateRun, type EvaluateResult } from '../pipeline/index.ts';
import { shortPath } from './cluster-table.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { paperLine, scoreNames, scoreText } from './paper-line.ts';
import { Progress } from './progress.ts';

type Flags = Readonly<Record<string, unknown>> & { readonly json?: true };

/** `muster eval <run>`. */
export function addEvalCommand(program: Command): void {
  program
    .command('eval')
    .description('score a run against labels: its groups, the features of its network, the checkpoints that it kept')
    .argument('<run>', 'a run: its folder, its store (muster-<name>), its id, or latest')
    .option('--checkpoints', 'score every kept checkpoint: a table and a chart over epochs')
    .option('--features', 'score k-means on the raw features, too: of the run and, with --checkpoints, of each')
    .option('--probe', 'fit a linear classifier on the features of the training split: it learns from labels')
    .option('--probe-fit <names>', 'splits that it is fitted on (default: train)')
    .option('--probe-test <names>', 'splits that it is scored on: test, or val (default: test)')
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
    .addOption(numberOption('-k, --groups <n>', 'groups that k-means makes of features (default: the classes)'))
    .addOption(numberOption('--seed <n>', 'seed of k-means and of the probe (default: 0)'))
    .option('--out <dir>', "folder for tables and charts (default: evaluation in the run's folder)")
    .option('--store <dir>', 'folder of the pixels, where it is not in a usual place')
    .option('--device <name>', 'cpu or cuda (default: cpu)')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print the scores as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  muster eval latest --checkpoints\n  muster eval runs/rotnet --features --probe',
    )
    .action(evaluate);
}

async function evaluate(run: string, { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const options = { run, ...flags } as Parameters<typeof evaluateRun>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => evaluateRun(options, progress.emit, signal));
  const text = json === true ? `${JSON.stringify(result, null, 2)}\n` : evalTable(result, process.cwd());
  process.stdout.write(text);
}

/** The run's scores beside its paper's, a line for each checkpoint, and the probe. */
export function evalTable(result: EvaluateResult, cwd: string): string {
  const { run, method, images, scored, scores, features, paper, checkpoints, probe, files, notes } = result;
  const lines = [`${method}, ${shortPath(run, cwd)}, ${images.toLocaleString('en-US')} images`];
  if (scores === null) lines.push('No labels, so no scores');
  else lines.push(...scoreLines(scored, scores, paper));
  if (features !== null) lines.push(...scoreLines('features', features, paper));
  if (checkpoints !== null) lines.push('', ...checkpointLines(checkpoints));
  if (probe !== null) lines.push('', ...probeLines(probe, paper));
  for (const note of notes) lines.push(`Note: ${note}`);
  for (const file of files) lines.push(`Wrote ${shortPath(file, cwd)}`);
  return `${lines.map(printable).join('\n')}\n`;
}

type Three = Readonly<Record<(typeof scoreNames)[number], number>>;

function threeScores(scores: Three): string {
  return scoreNames.map((name) => scoreText(scores[name]).padStart(6)).join(' ');
}

/** Scores of one kind, and the paper's where they are of that kind. */
function scoreLines(of: 'groups' | 'features', scores: Three, paper: EvaluateResult['paper']): string[] {
  const what = of === 'groups' ? '' : ' of k-means on the features';
  const line = `ACC, NMI, ARI${what}: ${threeScores(scores).trim()}`;
  const isQuoted = paper?.of === of && scoreNames.some((name) => paper[name] !== null);
  return isQuoted ? [line, paperLine(paper)] : [line];
}

function checkpointLines(checkpoints: NonNullable<EvaluateResult['checkpoints']>): string[] {
  const width = Math.max(8, ...checkpoints.map(({ training }) => training.length));
  const both = checkpoints.some(({ features }) => features !== null);
  const head = `  ${'training'.padEnd(width)}  epoch  groups     ACC    NMI    ARI`;
  const lines = checkpoints.map(({ training, epoch, groups, scores, features }) => {
    const ofFeatures = features === null ? '' : `   ${threeScores(features.scores)}`;
    const start = `  ${training.padEnd(width)}  ${String(epoch).padStart(5)}  ${String(groups).padStart(6)}`;
    return `${start}  ${threeScores(scores)}${ofFeatures}`;
  });
  return [both ? `${head}      ACC    NMI    ARI of k-means on the features` : head, ...lines];
}

function probeLines(
  { views, fit, test, accuracy, note }: NonNullable<EvaluateResult['probe']>,
  paper: EvaluateResult['paper'],
): string[] {
  const fitted = `Linear probe, fitted on ${views === 'plain' ? '' : 'random views of '}${fit}`;
  const quoted = paper === null || paper.probe === null ? [] : [`Paper (${paper.row}): ${scoreText(paper.probe)}`];
  return [`${fitted}, scored on ${test}: ${scoreText(accuracy)}`, ...quoted, `Note: ${note}`];
}
