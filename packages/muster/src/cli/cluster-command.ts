import { InvalidArgumentError, Option, type Command } from 'commander';
import { exitCodes } from '../base/index.ts';
import { backboneNames, clusterFolder } from '../pipeline/index.ts';
import { clusterJson, clusterTable } from './cluster-table.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';

/** From this share of files left out on, the command ends with exit code 1. */
export const skippedLimit = 0.1;

interface Flags {
  readonly followLinks?: true;
  readonly groups?: number | string;
  readonly seed?: number | string;
  readonly restarts?: number | string;
  readonly out?: string;
  readonly store?: string;
  readonly labels?: string;
  readonly method?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly classes?: readonly string[];
  readonly nouns?: string;
  readonly under?: string;
  readonly test?: string;
  readonly threads?: number | string;
  readonly json?: true;
}

/** `muster cluster <folder>`. @param methods what its help tells of the methods */
export function addClusterCommand(program: Command, methods: string): void {
  program
    .command('cluster')
    .description('group the images of a folder and name the groups')
    .argument('<folder>', 'a folder of images, a .tar or a .tar.gz, a data set or its name; only read, never changed')
    .option('--follow-links', 'follow links that stay inside the folder (default: they are reported and left out)')
    .addOption(numberOption('-k, --groups <n>', 'number of groups (default: estimated from the images)'))
    .addOption(
      numberOption('--seed <n>', 'seed of every random choice: the same seed gives the same groups (default: 0)'),
    )
    .addOption(
      numberOption('--restarts <n>', 'starts of k-means, the best of which is kept (default: 10 to 40, by size)'),
    )
    .option(
      '--method <id>',
      'how to group, one of the methods below (default: spherical k-means, described in the guide)',
    )
    .addOption(
      new Option(
        '--set <key=value>',
        'an option of the method; may be repeated (muster methods <id> lists them)',
      ).argParser(keyValue),
    )
    .addOption(
      new Option('--classes <names>', 'class names with commas between, for tac and zero-shot').argParser(nameList),
    )
    .option(
      '--backbone <name>',
      `what embeds the images: ${backboneNames.join(', ')}, resnet18:FILE (resnet34, resnet50), or a run that trained a network on images (default: embedded)`,
    )
    .option('--split <names>', 'splits of a data set, such as train+test (default: all that have labels)')
    .option('--nouns <file>', 'take words from this file alone, one noun a line, for names and for methods with words')
    .option('--under <noun>', 'take only words below this noun, such as animal: groups are named by that aspect')
    .option('--test <folder>', 'give these images the groups found, and score them where there are labels')
    .option(
      '--labels <what>',
      'score the groups: "folders" takes folder names or the labels of a data set as labels; or a CSV file (file,label)',
    )
    .option('--out <dir>', 'folder for this run (default: a new one in the store)')
    .option('--store <dir>', 'folder for embeddings and runs (default: ./muster-<folder>)')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print settings, clusters and metrics as JSON')
    .addHelpText(
      'after',
      `\n${methods}\n\nExamples:\n  muster cluster photos\n  muster cluster photos -k 12 --seed 1\n  muster cluster flowers.tar --labels folders\n  muster cluster photos --method tsp -k 12 --set neighbours=10 --set weights=hard\n  muster cluster train --method tac --test test --labels folders`,
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

/** Adds `key=value` to those that came before. @throws InvalidArgumentError where there is no `=` */
export function keyValue(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as key=value, such as --set epochs=50.');
  return { ...earlier, [text.slice(0, at).trim()]: text.slice(at + 1).trim() };
}

/** The names between commas. */
export function nameList(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
