import { formatCount, markup, type Markup } from '../base/index.ts';
import type { ReportGroup, ReportImage } from './report-data.ts';

/** What a group is called: its name, or its number. */
export function groupTitle(group: ReportGroup): string {
  return group.name ?? `group ${group.number}`;
}

/** A share as a whole per cent, but never 0 % or 100 % for what is neither. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1\u00a0%';
  if (share < 1 && share > 0.99) return '>99\u00a0%';
  return `${Math.round(share * 100)}\u00a0%`;
}

/** One group: name, size, typical images, how sure, least certain images. */
export function groupCard(group: ReportGroup, images: number, largest: number): Markup {
  const title = groupTitle(group);
  return markup`<li class="card" id="group-${group.number}">
<div class="top"><h3${group.name === null && markup` class="unnamed"`}>${title}</h3>
<span class="size">${formatCount(group.size, 'image')} · ${percent(group.size / images)}</span></div>
${sizeBar(group.size / largest)}
<ul class="mosaic">${group.central.map((image) => markup`<li>${picture(image)}</li>`)}</ul>
${group.evidence !== null && markup`<p class="fine">${group.evidence}</p>`}
${nouns(group.nouns)}
<div class="rest">${doubtful(group.doubtful)}${sureness(group)}</div>
</li>
`;
}

/** A thumbnail with its path as the text behind it; the path alone where there is no thumbnail. */
export function picture({ path, thumbnail, confidence }: ReportImage): Markup {
  const title = confidence === null ? path : `${path} (confidence ${confidence.toFixed(2)})`;
  if (thumbnail === null) return markup`<span class="shot missing" title="${title}">${path}</span>`;
  const { uri, width, height } = thumbnail;
  const size = markup`width="${width}" height="${height}"`;
  return markup`<img class="shot" loading="lazy" decoding="async" ${size} alt="${path}" title="${title}" src="${uri}">`;
}

/** A bar for each noun, as long as the share of the group that it explains. */
function nouns(found: ReportGroup['nouns']): Markup | null {
  if (found.length === 0) return null;
  const rows = found.map(
    ({ text, share }) =>
      markup`<li>
        <span class="label">${text}</span><span class="count">${percent(share)}</span>${sizeBar(share)}
      </li>`,
  );
  return markup`<p class="doubt">Nouns that the images were given</p>
    <ul class="nouns">
      ${rows}
    </ul>`;
}

function sizeBar(share: number): Markup {
  return markup`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="100" height="1" />
    <rect class="fill" width="${(share * 100).toFixed(2)}" height="1" />
  </svg>`;
}

function doubtful(images: readonly ReportImage[]): Markup | null {
  if (images.length === 0) return null;
  return markup`<p class="doubt">Least certain here</p>
    <ul class="mosaic small">
      ${images.map((image) => markup`<li>${picture(image)}</li>`)}
    </ul>`;
}

function sureness({ confidence, size }: ReportGroup): Markup | null {
  if (confidence === null || size === 0) return null;
  const parts = (['sure', 'fair', 'unsure'] as const).map((word) => ({ word, share: confidence[word] / size }));
  let x = 0;
  const rects = parts.map(({ word, share }) => {
    const rect = markup`<rect
      class="${word}"
      x="${(x * 100).toFixed(2)}"
      width="${(share * 100).toFixed(2)}"
      height="1"
    />`;
    x += share;
    return rect;
  });
  const words = parts.map(({ word, share }) => `${percent(share)} ${word}`).join(' · ');
  return markup`<svg class="sureness" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>
    <span class="caption">${words}</span>`;
}
