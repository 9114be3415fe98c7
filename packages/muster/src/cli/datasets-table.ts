import { formatCount, printable } from '../base/index.ts';
import type { DataSetSummary } from '../pipeline/index.ts';

/** Every data set: name, size and whether it is here; then its splits, each paper's use of it, where to get it. */
export function dataSetsTable(sets: readonly DataSetSummary[]): string {
  const width = Math.max(...sets.map(({ id }) => id.length));
  const indent = ' '.repeat(width + 2);
  const lines = sets.flatMap((set) => [
    `${set.id.padEnd(width)}  ${headLine(set)}`,
    ...detailLines(set).map((line) => `${indent}${line}`),
  ]);
  const end = 'Looked for in $MUSTER_DATA and ./data, by name. What has to lie there: muster datasets <name>';
  return `${[...lines, '', end].map(printable).join('\n')}\n`;
}

/** One data set, with what has to lie in its folder. */
export function dataSetText(set: DataSetSummary): string {
  const lines = [`${set.id}: ${headLine(set)}`, ...detailLines(set), `put in  data/${set.id}: ${set.layout}`];
  return `${lines.map(printable).join('\n  ')}\n`;
}

function headLine({ title, images, classes, pixels, path }: DataSetSummary): string {
  const size = `${formatCount(images, 'image')}, ${formatCount(classes, 'class', 'classes')}, ${pixels}`;
  return `${title}: ${size}; ${path === null ? 'not here' : `here: ${path}`}`;
}

function detailLines({ splits, papers, from }: DataSetSummary): string[] {
  const sizes = splits.map(({ name, images, labelled }) => {
    const note = labelled === false ? ' without labels' : '';
    return `${name} ${images.toLocaleString('en-US')}${note}`;
  });
  const uses = papers.map(({ paper, trains, scores, size, note }) => {
    const rest = note === undefined ? '' : ` (${note})`;
    return `${paper.padEnd(6)}  trains on ${trains}, scores ${scores}; pixels: ${size}${rest}`;
  });
  return [`splits  ${sizes.join(', ')}`, ...uses, `from    ${from}`];
}
