import { Option, type Command } from 'commander';
import { formatDuration, printable } from '../base/index.ts';
import { trainByRecipe, type TrainResult } from '../pipeline/index.ts';
import { keyValue, nameList } from './cluster-command.ts';
import { shortPath } from './cluster-table.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { paperLine, scoreNames, scoreText } from './paper-line.ts';
import { Progress } from './progress.ts';

type Flags = Readonly<Record<string, unknown>> & { readonly json?: true };

/** `muster train <method> <data>`. */
export function addTrainCommand(program: Command): void {
  program
    .command('train')
    .description('run a method, or train a network on images, by a recipe: fit, score, for each seed')
    .argument('[method]', 'a method or a pretraining (muster methods)')
    .argument('[data]', 'images: a folder, .tar, .tar.gz or data set (muster datasets)')
    .option('--recipe <name>', 'a recipe: mnist/mmdc, or a file (recipes/README.md)')
    .option('--split <names>', "splits to train on, such as train+test, in place of the recipe's")
    .option('--backbone <name>', "what embeds the images in place of the recipe's: as in muster cluster")
    .addOption(numberOption('--seeds <n>', "runs, with the seeds 0, 1, ... (default: the recipe's, else 1)"))
    .addOption(numberOption('--seed <n>', 'the first seed; alone, one run (default: 0)'))
    .addOption(numberOption('-k, --groups <n>', "number of groups, in place of the recipe's"))
    .addOption(numberOption('--epochs <n>', "epochs, in place of the recipe's"))
    .addOption(new Option('--set <key=value>', 'an option of the method; may be repeated').argParser(keyValue))
    .addOption(new Option('--classes <names>', 'class names with commas between').argParser(nameList))
    .option('--nouns <file>', 'take words from this file alone, one noun a line: for methods on embeddings')
    .option('--under <noun>', 'take only words below this noun, such as animal: for methods on embeddings')
    .option('--test <folder>', "images to score on, in place of the recipe's")
    .option('--labels <what>', '"folders" or a CSV file (file,label): for scoring only (default: those of the data)')
    .addOption(numberOption('--size <pixels>', 'side of the images that a network is trained on'))
    .addOption(numberOption('--channels <n>', '1: grey, 3: colour'))
    .addOption(numberOption('--keep-every <n>', 'keep the checkpoint of every n-th epoch (for muster eval, --branch)'))
    .option('--precision <name>', 'float32, bfloat16 or auto: bfloat16 where the machine is quick at it')
    .option('--device <name>', 'cpu or cuda (default: cuda where there is one)')
    .option('--resume <run>', 'go on with a training that was stopped; the same command does so, too')
    .option(
      '--branch <run@epoch>',
      'start from a kept checkpoint of another run (run@stage:epoch where a method has stages)',
    )
    .option('--out <dir>', 'folder of the run (default: a new one in the store)')
    .option('--store <dir>', 'folder for pixels, embeddings and runs (default: ./muster-<folder>)')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print runs and scores as JSON')
    .addHelpText('after', examples)
    .action(train);
}

const examples = `
Examples:
  muster train mmdc data/mnist --recipe mnist/mmdc-short
  muster train --resume latest
  muster train tsp photos -k 12 --seeds 5
  muster train tac cifar --recipe cifar-10/tac --backbone embedded`;

async function train(method: string | undefined, data: string | undefined, { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const options = { method, data, ...flags } as Parameters<typeof trainByRecipe>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => trainByRecipe(options, progress.emit, signal));
  process.stdout.write(json === true ? `${JSON.stringify(result, null, 2)}\n` : trainTable(result, process.cwd()));
}

/** A line a run, the mean of all, and the paper's figures; of a pretraining, which has no scores, what to do next. */
export function trainTable(result: TrainResult, cwd: string): string {
  const { method, data, gives, runs, notes } = result;
  const last = runs.at(-1);
  const lines = gives === 'groups' ? groupLines(result) : backboneLines(result);
  for (const note of notes) lines.push(`Note: ${note}`);
  if (last !== undefined) {
    const folder = shortPath(last.folder, cwd);
    lines.push(`Last run: ${folder}`);
    if (gives === 'backbone') lines.push(...nextSteps(folder, data));
  }
  const head = gives === 'groups' ? `scores on the ${scoredImages(result)} images` : 'a backbone, no groups';
  return `${[`${method} on ${data}, ${head}`, '', ...lines].map(printable).join('\n')}\n`;
}

function scoredImages({ test }: TrainResult): 'fitted' | 'test' {
  return test === null ? 'fitted' : 'test';
}

function groupLines({ runs, fit, test, paper }: TrainResult): string[] {
  const head = scoreNames.map((name) => name.toUpperCase().padStart(6)).join(' ');
  const lines = [`  seed  groups  ${head}   time`];
  for (const run of runs) {
    const scores = test === null ? run.fit : run.test;
    const three = scoreNames.map((name) => scoreText(scores?.[name]).padStart(6)).join(' ');
    lines.push(
      `  ${String(run.seed).padStart(4)}  ${String(run.groups).padStart(6)}  ${three}   ${formatDuration(run.seconds)}`,
    );
  }
  lines.push('');
  for (const [name, spread] of [
    ['fitted', fit],
    ['test', test],
  ] as const) {
    if (spread === null) continue;
    const text = scoreNames.map((key) => {
      const { mean, sd } = spread[key];
      return `${key.toUpperCase()} ${mean.toFixed(3)}${sd === null ? '' : ` ± ${sd.toFixed(3)}`}`;
    });
    lines.push(`Mean, ${name} images: ${text.join(', ')}`);
  }
  if (paper !== null) lines.push(`${paperLine(paper)}${paper.sameBackbone ? '' : ', on another backbone'}`);
  return lines;
}

function backboneLines({ runs }: TrainResult): string[] {
  const lines = runs.map(({ seed, seconds }) => `  ${String(seed).padStart(4)}   ${formatDuration(seconds)}`);
  return ['  seed   time', ...lines, ''];
}

/** What a backbone is good for. */
function nextSteps(run: string, data: string): string[] {
  return [
    `Next: muster eval ${run}   (scores of k-means on its features; --probe: of a linear classifier)`,
    `      muster cluster ${data} --backbone ${run}   (groups)`,
  ];
}
