import { formatCount, markup, type Markup } from '../base/index.ts';
import { groupCard, groupTitle, percent, picture } from './group-card.ts';
import { htmlPage, noteList } from './page.ts';
import type { ReportData, ReportGroup, ReportImage, ReportScores } from './report-data.ts';

/** Above this many rows the list of skipped files ends with a count; all of them stand in result.json. */
const skippedShown = 500;

/**
 * The report as one HTML file that needs nothing else: no script, no link to the outside, pictures inside. Its content
 * policy allows only its own style sheet (by hash) and pictures inside the file, and every text is escaped.
 */
export function renderReport(data: ReportData): string {
  return htmlPage({
    title: `${data.title}: ${formatCount(data.groups.length, 'group')}`,
    header: markup`<p class="kicker">Groups of images</p>
<h1>${data.title}</h1>
${lead(data)}
${noteList(data.notes)}`,
    main: markup`${overview(data)}
<ul class="groups">
${cards(data)}</ul>
${doubts(data.groups)}
${data.scores !== null && scores(data.scores)}
${settings(data)}
${skipped(data)}`,
    madeAt: data.madeAt,
  });
}

function lead({ images, groups, source }: ReportData): Markup {
  const named = groups.filter(({ name }) => name !== null).length;
  const namedText =
    named === 0
      ? 'none of them clearly fits a word'
      : named === groups.length
        ? 'all of them named'
        : `${named} of them named`;
  return markup`<p class="lead">
    <strong>${formatCount(images, 'image')}</strong> from <code>${source}</code> in
    <strong>${formatCount(groups.length, 'group')}</strong>, ${namedText}.
  </p>`;
}

/** A strip with a piece for each group, as wide as the group is large, and the list of groups. */
function overview({ groups, images }: ReportData): Markup | null {
  if (groups.length < 2) return null;
  const gap = Math.min(0.15, 20 / groups.length);
  let x = 0;
  const pieces = groups.map((group) => {
    const width = (100 * group.size) / images;
    const rect = markup`<a href="#group-${group.number}"
      ><rect x="${x.toFixed(3)}" width="${Math.max(width - gap, gap).toFixed(3)}" height="1"
        ><title>${groupTitle(group)}: ${formatCount(group.size, 'image')}</title></rect
      ></a
    >`;
    x += width;
    return rect;
  });
  const rows = groups.map(
    (group) =>
      markup`<li>
        <a href="#group-${group.number}"
          ><span class="label${group.name === null && ' unnamed'}">${groupTitle(group)}</span
          ><span class="count">${group.size.toLocaleString('en-US')}</span></a
        >
      </li>`,
  );
  return markup`<svg class="strip" viewBox="0 0 100 1" preserveAspectRatio="none" aria-label="Sizes of the groups">
      ${pieces}
    </svg>
    <ol class="index">
      ${rows}
    </ol>`;
}

function cards({ groups, images }: ReportData): Markup[] {
  const largest = groups.reduce((most, { size }) => Math.max(most, size), 1);
  return groups.map((group) => groupCard(group, images, largest));
}

/** The images whose group is most in doubt, over all groups. */
function doubts(groups: readonly ReportGroup[]): Markup | null {
  const all = groups.flatMap((group) => group.doubtful.map((image) => ({ group, image })));
  const least = all.sort((a, b) => confidenceOf(a.image) - confidenceOf(b.image)).slice(0, 10);
  if (least.length === 0) return null;
  const shots = least.map(
    ({ group, image }) =>
      markup`<li>
        ${picture(image)}<span class="caption"
          >in <a href="#group-${group.number}">${groupTitle(group)}</a>, ${confidenceOf(image).toFixed(2)}</span
        >
      </li>`,
  );
  return markup`<h2>Look at these first</h2>
    <p>The images whose group is least certain: nearly as close to another group as to their own.</p>
    <ul class="mosaic wide">
      ${shots}
    </ul>`;
}

function confidenceOf(image: ReportImage): number {
  return image.confidence ?? 1;
}

function scores({ acc, nmi, ari, labelled, classes }: ReportScores): Markup {
  const entry = (term: string, value: number): Markup =>
    markup`<div>
      <dt>${term}</dt>
      <dd>${value.toFixed(3)}</dd>
    </div>`;
  return markup`<h2>Agreement with the labels</h2>
    <dl class="scores">
      ${entry('Accuracy (ACC)', acc)}${entry('Mutual information (NMI)', nmi)}${entry('Rand index (ARI)', ari)}
    </dl>
    <p class="fine">
      ${formatCount(labelled, 'labelled image')} of ${formatCount(classes, 'class', 'classes')}. The labels were read
      after the grouping was done and had no part in it. ACC matches each group with one class; 1 is perfect for all
      three.
    </p>`;
}

function settings({ settings: rows }: ReportData): Markup {
  return markup`<h2>Settings</h2>
    <div class="scroll">
      <table>
        ${rows.map(
          ([name, value]) =>
            markup`<tr>
              <th scope="row">${name}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </table>
    </div>
    <p class="fine">
      Confidence compares how near an image is to its own group and to the next: 0 is half-way between, 1 is at the
      centre. From 0.5 a label counts as sure, from 0.2 as fair.
    </p>`;
}

function skipped({ skipped: files, images }: ReportData): Markup | null {
  if (files.length === 0) return null;
  const rows = files.slice(0, skippedShown).map(({ path, code, message }) => {
    return markup`<tr>
      <td><code>${path}</code></td>
      <td>${code}</td>
      <td>${message}</td>
    </tr>`;
  });
  const more = files.length - rows.length;
  return markup`<h2>Files left out</h2>
<p>${formatCount(files.length, 'file')} could not be used, ${percent(files.length / (files.length + images))} of what was found.</p>
<details${files.length <= 20 && markup` open`}><summary>List of the files</summary>
<div class="scroll"><table><thead><tr><th scope="col">File</th><th scope="col">Code</th><th scope="col">Reason</th></tr></thead><tbody>${rows}</tbody></table></div>
${more > 0 && markup`<p class="fine">and ${more.toLocaleString('en-US')} more, in result.json</p>`}</details>`;
}
