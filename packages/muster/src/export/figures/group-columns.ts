import { markup } from '../../base/index.ts';
import { fitText, ink, margin, svgFigure } from './frame.ts';
import { drawImage, type FigureImage } from './picture.ts';

/** A group with some of its images. */
export interface GroupColumn {
  readonly name: string;
  /** Images whose label is the one that the group is matched with. */
  readonly right: readonly FigureImage[];
  /** Images with another label, and that label. */
  readonly wrong: readonly { readonly image: FigureImage; readonly label: string }[];
}

/** Groups as columns of images. */
export interface GroupColumns {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly columns: readonly GroupColumn[];
}

const side = 92;
const step = side + 12;
const headHeight = 20;
const apart = 14;
/** Columns beside one another; further groups come below. */
const mostColumns = 10;
/** Two groups alone leave no room for a title. */
const leastWidth = 480;

/** For each group a column: images that are right, and below a line, framed, one that is wrong (MMDC figure 3). */
export function groupColumnsFigure({ title, subtitle, columns }: GroupColumns): string {
  const across = Math.max(1, Math.min(mostColumns, columns.length));
  const right = Math.max(0, ...columns.map((column) => column.right.length));
  const wrong = Math.max(0, ...columns.map((column) => column.wrong.length));
  const bandHeight = headHeight + right * step + (wrong === 0 ? 0 : apart + wrong * (step + headHeight)) + apart;
  const bands = Math.max(1, Math.ceil(columns.length / across));
  const body = columns.map((column, at) => {
    const x = margin + (at % across) * step;
    const top = Math.floor(at / across) * bandHeight;
    const below = top + headHeight + right * step + apart;
    return markup`${caption(column.name, x, top + 13, ink.text)}${column.right.map((image, row) =>
      drawImage(image, x, top + headHeight + row * step, side),
    )}${column.wrong.map(({ image, label }, row) => {
      const y = below + row * (step + headHeight);
      return markup`${drawImage(image, x, y, side)}<rect x="${x}" y="${y}" width="${side}" height="${side}" fill="none" stroke="${ink.alarm}" stroke-width="3"/>${caption(label, x, y + side + 15, ink.alarm)}`;
    })}`;
  });
  const width = Math.max(leastWidth, 2 * margin + across * step);
  return svgFigure({ width, height: bands * bandHeight, title, subtitle, body });
}

function caption(text: string, x: number, y: number, colour: string): ReturnType<typeof markup> {
  return markup`<text x="${x}" y="${y}" font-size="11.5" fill="${colour}">${fitText(text, 11.5, side)}</text>`;
}
