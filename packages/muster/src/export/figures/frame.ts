import { markup, type Markup } from '../../base/index.ts';

/** Colours of figures: on white, for print. */
export const ink = { text: '#1d1b18', soft: '#6a655d', line: '#d9d3c7', accent: '#0d6e62', alarm: '#b3412c' } as const;

/** Distances in pixels that all figures share. */
export const margin = 28;

/** A drawing with its title, before it is a file. */
export interface Frame {
  readonly width: number;
  /** Of the drawing, without the title. */
  readonly height: number;
  readonly title: string;
  /** Lines of small text below the title. */
  readonly subtitle: readonly string[];
  /** Drawn from (0, 0) to (width, height). */
  readonly body: Markup | readonly Markup[];
}

const titleSize = 19;
const lineHeight = 17;

/**
 * A whole SVG file on white with title and drawing: text stays text, no script, no link to the outside.
 */
export function svgFigure({ width, height, title, subtitle, body }: Frame): string {
  const lines = subtitle.flatMap((line) => wrapped(line, (width - 2 * margin) / (12.5 * glyphWidth)));
  const heads = wrapped(title, (width - 2 * margin) / (titleSize * glyphWidth));
  const top = margin + heads.length * 24 + lines.length * lineHeight + 14;
  const total = top + height + margin;
  const figure = markup`<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" font-family="Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif" fill="${ink.text}" role="img">
<title>${title}</title>
<rect width="${width}" height="${total}" fill="#ffffff"/>
${heads.map((line, at) => markup`<text x="${margin}" y="${margin + 16 + at * 24}" font-size="${titleSize}" font-weight="600">${line}</text>`)}
${lines.map(
  (line, at) =>
    markup`<text x="${margin}" y="${margin + heads.length * 24 + 12 + at * lineHeight}" font-size="12.5" fill="${ink.soft}">${line}</text>
`,
)}<g transform="translate(0 ${top})">
${body}
</g>
</svg>
`;
  return figure.text;
}

/** Width of an average letter as a share of the font's size: SVG cannot measure, so texts are laid out by this. */
const glyphWidth = 0.57;

/** About how wide a text is, in pixels. */
export function textWidth(text: string, size: number): number {
  return [...text].length * size * glyphWidth;
}

/** The text, cut with an ellipsis where it would be wider than `width` pixels. */
export function fitText(text: string, size: number, width: number): string {
  const most = Math.max(1, Math.floor(width / (size * glyphWidth)));
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

/** Lines of at most `letters` letters, broken at spaces. */
function wrapped(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const palette = [
  '#0d6e62', '#d1495b', '#e3a02f', '#30638e', '#8f5b9c', '#7aa51f', '#e07a4a', '#7d8796', '#12a5a5', '#9c6b30', '#c2529c', '#27405a',
]; // prettier-ignore

/** The colour of a category among `count`: a fixed set up to twelve, hues in even steps above; grey for none (-1). */
export function categoryColour(category: number, count: number): string {
  if (category < 0) return '#c9c5bd';
  if (count <= palette.length) return palette[category] ?? ink.soft;
  const hue = (category * 360) / count;
  const lightness = [34, 50, 64][category % 3] ?? 50;
  return `hsl(${hue.toFixed(0)} ${category % 2 === 0 ? 62 : 48}% ${lightness}%)`;
}

/** A number as a figure's text: at most `digits` decimals, no zeros at the end. */
export function shortNumber(value: number, digits = 3): string {
  return String(Number(value.toFixed(digits)));
}
