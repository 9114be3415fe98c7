import { markup, type Markup } from '../../base/index.ts';
import { fitText, ink } from './frame.ts';

/** A picture in a figure. */
export interface FigureImage {
  readonly path: string;
  /** `data:image/jpeg;base64,…`; null where there is none. */
  readonly uri: string | null;
}

/** A picture in a square, its path behind it; the path alone where there is no picture. */
export function drawImage({ path, uri }: FigureImage, x: number, y: number, side: number): Markup {
  const box = markup`x="${x}" y="${y}" width="${side}" height="${side}"`;
  const inside =
    uri === null
      ? markup`<text x="${x + side / 2}" y="${y + side / 2}" font-size="10" text-anchor="middle" fill="${ink.soft}">${fitText(path, 10, side - 8)}</text>`
      : markup`<image ${box} href="${uri}"/>`;
  return markup`<g><title>${path}</title><rect ${box} fill="#ffffff" stroke="${ink.line}"/>${inside}</g>`;
}
