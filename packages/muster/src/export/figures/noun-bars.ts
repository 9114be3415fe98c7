import { markup, type Markup } from '../../base/index.ts';
import { fitText, ink, margin, svgFigure } from './frame.ts';
import { drawImage, type FigureImage } from './picture.ts';

/** An image with the words that fit it. */
export interface NounImage {
  readonly image: FigureImage;
  readonly caption: string;
  /** The likeliest first; probabilities 0..1. */
  readonly nouns: readonly { readonly text: string; readonly probability: number }[];
}

/** Images with their words. */
export interface NounFigure {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly images: readonly NounImage[];
}

const side = 132;
const barWidth = 200;
const column = side + 16 + barWidth + 36;
const rowHeight = side + 38;

/** Images with the probabilities of their nouns as bars, two beside each other (TAC figure 2). */
export function nounFigure({ title, subtitle, images }: NounFigure): string {
  const columns = Math.min(2, Math.max(1, images.length));
  const body = images.map((entry, at) => {
    const x = margin + (at % columns) * column;
    const y = Math.floor(at / columns) * rowHeight;
    return markup`${drawImage(entry.image, x, y, side)}<text x="${x}" y="${y + side + 16}" font-size="11.5" fill="${ink.soft}">${fitText(entry.caption, 11.5, side)}</text>${bars(entry, x + side + 16, y)}
`;
  });
  const rows = Math.ceil(Math.max(1, images.length) / columns);
  return svgFigure({ width: 2 * margin + columns * column - 36, height: rows * rowHeight, title, subtitle, body });
}

function bars({ nouns }: NounImage, x: number, y: number): Markup[] {
  const height = side / Math.max(5, nouns.length);
  return nouns.map(({ text, probability }, at) => {
    const top = y + at * height;
    return markup`<text x="${x}" y="${top + 11}" font-size="11.5">${fitText(text, 11.5, barWidth - 44)}</text><text x="${x + barWidth}" y="${top + 11}" font-size="11.5" text-anchor="end" fill="${ink.soft}">${percentText(probability)}</text><rect x="${x}" y="${top + 15}" width="${barWidth}" height="4.5" rx="2" fill="${ink.line}"/><rect x="${x}" y="${top + 15}" width="${(barWidth * probability).toFixed(1)}" height="4.5" rx="2" fill="${ink.accent}"/>`;
  });
}

/** Small probabilities keep a digit: they are what tells images apart that the words do not fit. */
function percentText(probability: number): string {
  return `${(probability * 100).toFixed(probability < 0.0995 ? 1 : 0)} %`;
}
