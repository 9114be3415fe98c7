import { createHash } from 'node:crypto';
import { Markup, markup } from '../base/index.ts';
import { styleSheet } from './style.ts';

/** What stands on a page. */
export interface Page {
  readonly title: string;
  readonly header: Markup;
  readonly main: Markup;
  /** When it was made, ISO 8601 in UTC. */
  readonly madeAt: string;
}

/**
 * A whole HTML file that needs nothing else: no script, no link to the outside, pictures inside. Its content policy
 * allows only its own style sheet (by hash) and pictures inside the file.
 */
export function htmlPage({ title, header, main, madeAt }: Page): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(styleSheet)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}
</main>
<footer><p>Made by muster, ${dateText(madeAt)}. The pictures are small copies; the originals were not touched.</p></footer>
</body>
</html>
`;
  return page.text;
}

/** Remarks that the reader must not miss; nothing where there are none. */
export function noteList(texts: readonly string[]): Markup | null {
  return texts.length === 0
    ? null
    : markup`<ul class="notes">
        ${texts.map((text) => markup`<li>${text}</li>`)}
      </ul>`;
}

function contentPolicy(): string {
  const hash = createHash('sha256').update(styleSheet).digest('base64');
  return `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function dateText(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
