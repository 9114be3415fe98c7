import { printable } from './text.ts';

/** Text that is markup already. Made by `markup` only, so that everything else is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/**
 * Markup with every inserted text escaped: `markup`<b>${name}</b>``. Lists are joined; null, undefined and false are
 * left out; control and bidirectional characters are made visible.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  parts.forEach((part, index) => (text += render(part) + (strings[index + 1] ?? '')));
  return new Markup(text);
}

/** A text as HTML and SVG show it, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"'`]/gu, (character) => `&#${character.charCodeAt(0)};`);
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return escapeHtml(String(part));
}
