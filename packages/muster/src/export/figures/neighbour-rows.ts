import { markup, type Markup } from '../../base/index.ts';
import { fitText, ink, margin, svgFigure } from './frame.ts';
import { drawImage, type FigureImage } from './picture.ts';

/** An image beside its neighbours. */
export interface NeighbourImage {
  readonly image: FigureImage;
  /** Its label, or the name of its group. */
  readonly caption: string;
}

/** A row of the figure. */
export interface NeighbourRow extends NeighbourImage {
  /** The nearest first. */
  readonly neighbours: readonly (NeighbourImage & { readonly similarity: number })[];
}

/** Images with their nearest neighbours. */
export interface NeighbourFigure {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly rows: readonly NeighbourRow[];
}

const side = 104;
const step = side + 14;
const rowHeight = side + 32;
const apart = 26;

/** Images in the first column, their nearest neighbours in the others; another caption is marked (TSP figure 2). */
export function neighbourFigure({ title, subtitle, rows }: NeighbourFigure): string {
  const columns = Math.max(1, ...rows.map((row) => row.neighbours.length));
  const width = 2 * margin + side + apart + columns * step;
  const body = rows.map((row, at) => {
    const y = at * rowHeight;
    const others = row.neighbours.map((neighbour, column) => {
      const isOther = neighbour.caption !== row.caption;
      const x = margin + side + apart + column * step;
      return markup`${drawImage(neighbour.image, x, y, side)}${
        isOther &&
        markup`<rect x="${x}" y="${y}" width="${side}" height="${side}" fill="none" stroke="${ink.alarm}" stroke-width="3"/>`
      }${caption(`${isOther ? '≠ ' : ''}${neighbour.caption}`, x, y, isOther ? ink.alarm : ink.soft, side - 28)}<text x="${x + side}" y="${y + side + 15}" font-size="10.5" text-anchor="end" fill="${ink.soft}">${neighbour.similarity.toFixed(2)}</text>`;
    });
    return markup`${drawImage(row.image, margin, y, side)}<rect x="${margin}" y="${y}" width="${side}" height="${side}" fill="none" stroke="${ink.text}" stroke-width="2"/>${caption(row.caption, margin, y, ink.text)}${others}
`;
  });
  return svgFigure({ width, height: Math.max(1, rows.length) * rowHeight, title, subtitle, body });
}

function caption(text: string, x: number, y: number, colour: string, width = side): Markup {
  return markup`<text x="${x}" y="${y + side + 15}" font-size="11.5" fill="${colour}">${fitText(text, 11.5, width)}</text>`;
}
