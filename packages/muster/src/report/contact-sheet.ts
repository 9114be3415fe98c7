import { markup } from '../base/index.ts';
import { picture } from './group-card.ts';
import { htmlPage, noteList } from './page.ts';
import type { ReportImage } from './report-data.ts';

/** Pictures in an order, each with a line below it. */
export interface ContactSheet {
  /** What the small line above the title says. */
  readonly kicker: string;
  readonly title: string;
  /** One sentence below the title. */
  readonly lead: string;
  readonly notes: readonly string[];
  readonly images: readonly { readonly image: ReportImage; readonly caption: string }[];
  /** When it was made, ISO 8601 in UTC. */
  readonly madeAt: string;
}

/** A page of pictures, as safe and as much alone as the report. */
export function renderContactSheet({ kicker, title, lead, notes, images, madeAt }: ContactSheet): string {
  const shots = images.map(
    ({ image, caption }) =>
      markup`<li>${picture(image)}<span class="caption">${caption}</span><span class="caption">${image.path}</span></li>
`,
  );
  return htmlPage({
    title,
    header: markup`<p class="kicker">${kicker}</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
${noteList(notes)}`,
    main: markup`<ol class="mosaic wide sheet">
${shots}</ol>`,
    madeAt,
  });
}
