import { relative } from 'node:path';
import type { Command } from 'commander';
import { formatCount, printable } from '../base/index.ts';
import { drawAugmentations } from '../pipeline/index.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';

interface Flags {
  readonly sheet?: string;
  readonly data?: string;
  readonly images?: number | string;
  readonly views?: number | string;
  readonly seed?: number | string;
  readonly epoch?: number | string;
  readonly json?: true;
}

/** `muster augment <recipe> --sheet out.png`. */
export function addAugmentCommand(program: Command): void {
  program
    .command('augment')
    .description("draw what a recipe's training sees: images and their random views, as one PNG")
    .argument('<recipe>', "a recipe's file, or the name of one that comes with muster, such as mnist/mmdc")
    .requiredOption('--sheet <file>', 'the PNG to write')
    .option('--data <data>', "images in place of the recipe's: a folder, an archive, a data set or its name")
    .addOption(numberOption('--images <n>', 'images, one in a row (default: 8)'))
    .addOption(numberOption('--views <n>', 'views of each image, in columns after it (default: 10)'))
    .addOption(numberOption('--seed <n>', 'seed of the training that the views are of (default: 0)'))
    .addOption(numberOption('--epoch <n>', 'epoch of it, from 0 (default: 0)'))
    .option('--json', 'print what was drawn as JSON')
    .addHelpText('after', '\nExample:\n  muster augment mnist/mmdc --sheet mnist.png')
    .action(augment);
}

async function augment(recipe: string, { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const options = { recipe, ...flags } as Parameters<typeof drawAugmentations>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => drawAugmentations(options, progress.emit, signal));
  if (json === true) {
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const way = relative(process.cwd(), result.sheet);
  const lines = [
    `${way.startsWith('..') ? result.sheet : way}  ${formatCount(result.images.length, 'image')}, each with ${formatCount(result.views, 'view')} of ${result.method}`,
    ...(result.isStretched ? ['The views hold numbers outside 0 to 1 and were stretched to be seen.'] : []),
  ];
  process.stdout.write(`${lines.map(printable).join('\n')}\n`);
}
