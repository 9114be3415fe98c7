import { markup } from '../../base/index.ts';
import { fitText, ink, margin, svgFigure, textWidth } from './frame.ts';

/** How often each class falls into each group. */
export interface Confusion {
  readonly title: string;
  readonly subtitle: readonly string[];
  /** Names of the rows. */
  readonly classes: readonly string[];
  /** Names of the columns. */
  readonly groups: readonly string[];
  /** classes × groups, row by row. */
  readonly counts: Int32Array;
  /** Group that stands for each class in the order of the classes; -1 where none does. */
  readonly matched: readonly number[];
}

/** With more columns than this, cells hold no numbers. */
const numbersShown = 30;

/**
 * Confusion matrix: classes that a group stands for first, the groups in their order, so that agreement lies on the
 * diagonal (TSP figure 7).
 */
export function confusionFigure({ title, subtitle, classes, groups, counts, matched }: Confusion): string {
  const order = columnOrder(matched, groups.length);
  const cell = Math.max(6, Math.min(34, Math.floor(900 / Math.max(1, groups.length))));
  const hasNumbers = groups.length <= numbersShown;
  const size = Math.min(12.5, Math.max(5, cell * 0.7));
  const nameWidth = Math.min(170, Math.max(40, ...classes.map((name) => textWidth(name, size)))) + 10;
  const headHeight = Math.min(150, Math.max(30, ...groups.map((name) => textWidth(name, size)))) + 10;
  const left = margin + nameWidth;
  const shares = rowShares(counts, classes.length, groups.length);
  const heads = order.map((group, at) => {
    const x = left + (at + 0.5) * cell + size * 0.35;
    return markup`<text transform="translate(${x} ${headHeight - 6}) rotate(-90)" font-size="${size}">${fitText(groups[group] ?? '', size, headHeight)}</text>`;
  });
  const rows = matchedFirst(matched).map((row, place) => {
    const name = classes[row] ?? '';
    const y = headHeight + place * cell;
    const cells = order.map((group, at) => {
      const count = counts[row * groups.length + group] ?? 0;
      const share = shares[row * groups.length + group] ?? 0;
      const x = left + at * cell;
      const frame = matched[row] === group && markup` stroke="${ink.accent}" stroke-width="1.6"`;
      if (count === 0 && frame === false) return null;
      const colour = share > 0.55 ? '#ffffff' : ink.text;
      const number =
        hasNumbers &&
        count > 0 &&
        markup`<text x="${x + cell / 2}" y="${y + cell / 2 + size * 0.33}" font-size="${numberSize(count, cell, size)}" text-anchor="middle" fill="${colour}">${count}</text>`;
      return markup`<rect x="${x + 0.8}" y="${y + 0.8}" width="${cell - 1.6}" height="${cell - 1.6}" fill="${ink.accent}" fill-opacity="${share.toFixed(3)}"${frame}><title>${name}, ${groups[group]}: ${count} (${(share * 100).toFixed(0)} %)</title></rect>${number}`;
    });
    return markup`<text x="${left - 8}" y="${y + cell / 2 + size * 0.35}" font-size="${size}" text-anchor="end">${fitText(name, size, nameWidth - 8)}</text>${cells}
`;
  });
  const frame = markup`<rect x="${left}" y="${headHeight}" width="${groups.length * cell}" height="${classes.length * cell}" fill="none" stroke="${ink.line}"/>`;
  const width = Math.max(520, left + groups.length * cell + margin);
  return svgFigure({
    width,
    height: headHeight + classes.length * cell,
    title,
    subtitle,
    body: [frame, ...heads, ...rows],
  });
}

/** Groups that stand for a class, in the order of the classes, then the others. */
function columnOrder(matched: readonly number[], groups: number): number[] {
  const first = matched.filter((group) => group >= 0);
  const used = new Set(first);
  return [...first, ...Array.from({ length: groups }, (_, group) => group).filter((group) => !used.has(group))];
}

function matchedFirst(matched: readonly number[]): number[] {
  const rows = [...matched.keys()];
  return [...rows.filter((row) => (matched[row] ?? -1) >= 0), ...rows.filter((row) => (matched[row] ?? -1) < 0)];
}

function numberSize(count: number, cell: number, size: number): number {
  return Math.min(size, (cell - 4) / (0.6 * String(count).length));
}

function rowShares(counts: Int32Array, rows: number, columns: number): Float64Array {
  const shares = new Float64Array(counts.length);
  for (let row = 0; row < rows; row++) {
    const part = counts.subarray(row * columns, (row + 1) * columns);
    const total = part.reduce((sum, count) => sum + count, 0);
    part.forEach((count, column) => (shares[row * columns + column] = total === 0 ? 0 : count / total));
  }
  return shares;
}
