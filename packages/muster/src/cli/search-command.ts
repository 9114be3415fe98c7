import type { Command } from 'commander';
import { formatCount, printable } from '../base/index.ts';
import { searchRun, unknownSentence, type SearchResult } from '../pipeline/index.ts';
import { interruptible } from './interrupt.ts';
import { numberOption } from './number-option.ts';
import { Progress } from './progress.ts';

interface Flags {
  readonly image?: string;
  readonly count?: number | string;
  readonly html?: string;
  readonly store?: string;
  readonly threads?: number | string;
  readonly json?: true;
}

/** `muster search <run> [words]`. */
export function addSearchCommand(program: Command): void {
  program
    .command('search')
    .description('find images of a run by words or by a picture')
    .argument('<run>', 'a run: its folder, its store (muster-<name>), its id, or latest')
    .argument('[words...]', 'what to look for: kinds of things, such as "fire engine"; several together count alike')
    .option('--image <file>', 'a picture to look for; with words too, both count alike')
    .addOption(numberOption('-n, --count <n>', 'how many images to give (default: 20)'))
    .option('--html <file>', 'write a page with the pictures')
    .option('--store <dir>', 'folder of the embeddings, where it is not in a usual place')
    .addOption(numberOption('--threads <n>', 'threads of the engine, at most four a core (default: one a core)'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  muster search latest dog\n  muster search muster-photos "fire engine" --html found.html\n  muster search latest --image beach.jpg',
    )
    .action(search);
}

async function search(run: string, words: readonly string[], { json, ...flags }: Flags): Promise<void> {
  const progress = new Progress(process.stderr);
  const text = words.length > 0 ? { text: words.join(' ') } : {};
  const options = { run, ...text, ...flags } as Parameters<typeof searchRun>[0]; // checked by its schema
  const result = await interruptible(progress, (signal) => searchRun(options, progress.emit, signal));
  process.stdout.write(json === true ? `${JSON.stringify(result, null, 2)}\n` : searchTable(result));
}

/** The result as a person reads it on a terminal. */
export function searchTable({ hits, images, known, unknown, image, html }: SearchResult): string {
  const asked = [...(known.length > 0 ? [`“${known.join('” + “')}”`] : []), ...(image === null ? [] : [image])];
  const lines = [
    `The best ${formatCount(hits.length, 'image')} of ${images.toLocaleString('en-US')} for ${asked.join(' + ')}.`,
  ];
  lines.push(...unknown.map((word) => `Note: ${unknownSentence(word)}`), '');
  const width = Math.max(4, ...hits.map(({ file }) => file.length));
  lines.push(`  ${'#'.padStart(4)}  ${'score'.padStart(6)}  ${'file'.padEnd(width)}  group`);
  for (const { rank, score, file, groupName } of hits) {
    lines.push(`  ${String(rank).padStart(4)}  ${score.toFixed(3).padStart(6)}  ${file.padEnd(width)}  ${groupName}`);
  }
  if (html !== null) lines.push('', `Page: ${html}`);
  return `${lines.map(printable).join('\n')}\n`;
}
