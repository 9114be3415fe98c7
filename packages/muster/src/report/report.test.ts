import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { escapeHtml, markup } from '../base/index.ts';
import { renderContactSheet } from './contact-sheet.ts';
import { percent } from './group-card.ts';
import { renderReport } from './report.ts';
import type { ReportData, ReportImage } from './report-data.ts';

const hostile = '</style></script><script>alert(1)</script><img src=x onerror=alert(1)>"\'`\u202Egpj.exe\u0007';

function shot(path: string, confidence: number | null = 0.4): ReportImage {
  return { path, confidence, thumbnail: { uri: 'data:image/webp;base64,AAAA', width: 4, height: 3 } };
}

function sample(text: string): ReportData {
  return {
    title: text,
    source: text,
    madeAt: '2026-11-24T10:00:00.000Z',
    images: 5,
    groups: [
      {
        number: 1,
        name: text,
        evidence: text,
        nouns: [{ text, share: 0.414 }],
        size: 4,
        confidence: { sure: 2, fair: 1, unsure: 1 },
        central: [shot(text), { path: text, confidence: null, thumbnail: null }],
        doubtful: [shot(text, 0.01)],
      },
      {
        number: 2,
        name: null,
        evidence: null,
        nouns: [],
        size: 1,
        confidence: null,
        central: [shot('b.png')],
        doubtful: [],
      },
    ],
    notes: [text],
    scores: { acc: 0.5, nmi: 0.25, ari: 0.125, labelled: 5, classes: 2 },
    settings: [[text, text]],
    skipped: [{ path: text, code: 'EMPTY', message: text }],
  };
}

test('no text of the user becomes markup, and hidden characters are shown', () => {
  const page = renderReport(sample(hostile));
  expect(page).not.toMatch(/<script|<img src=x|\u202e|\u0007/iu);
  expect(page.match(/<\/style>/gu)).toHaveLength(1);
  expect(page).toContain('\\u{202e}gpj.exe\\x07');
  expect(page.match(/<img [^>]*>/gu)?.every((tag) => /src="data:image\/webp;base64,AAAA">$/u.test(tag))).toBe(true);
});

test('the content policy forbids all but the style sheet that is there and pictures inside', () => {
  const page = renderReport(sample('plain'));
  const style = /<style>([\s\S]*?)<\/style>/u.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = /Content-Security-Policy" content="([^"]*)"/u.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining(["default-src 'none'", 'img-src data:', `style-src 'sha256-${hash}'`]),
  );
  expect(policy).not.toMatch(/unsafe|https?:/u);
  expect(page).not.toMatch(/ style=|<script|https?:\/\//u);
});

test('every group has its card, its line in the index and its size', () => {
  const page = renderReport(sample('cats'));
  expect(page).toContain('5 images');
  for (const number of [1, 2]) {
    expect(page).toContain(`id="group-${number}"`);
    expect(page.match(new RegExp(`href="#group-${number}"`, 'gu'))?.length).toBeGreaterThanOrEqual(2);
  }
  expect(page).toContain('50\u00a0% sure · 25\u00a0% fair · 25\u00a0% unsure');
  expect(page).toContain('0.125');
  expect(page.match(/class="nouns"/gu)).toHaveLength(1);
  expect(page).toContain('<span class="label">cats</span><span class="count">41\u00a0%</span>');
});

test('one group, no labels and nothing skipped leave their sections out', () => {
  const data = sample('one');
  const page = renderReport({ ...data, groups: data.groups.slice(0, 1), notes: [], scores: null, skipped: [] });
  expect(page).not.toMatch(/class="strip"|class="notes"|Agreement with|Files left out/u);
});

test('escaping and rounding by hand', () => {
  expect(escapeHtml(`a<b>&"'`)).toBe('a&#60;b&#62;&#38;&#34;&#39;');
  expect(markup`<p>${['a', markup`<b>${'<'}</b>`, null, false, 0]}</p>`.text).toBe('<p>a<b>&#60;</b>0</p>');
  expect([0, 0.001, 0.5, 0.996, 1].map(percent)).toEqual([
    '0\u00a0%',
    '<1\u00a0%',
    '50\u00a0%',
    '>99\u00a0%',
    '100\u00a0%',
  ]);
});

test('a contact sheet keeps the order, escapes its texts and says when nothing is to be noted', () => {
  const image = (path: string): ReportImage => shot(path, null);
  const images = [
    { image: image('b.png'), caption: '0.9' },
    { image: image(hostile), caption: hostile },
  ];
  const sheet = {
    kicker: 'Search',
    title: hostile,
    lead: hostile,
    notes: [hostile],
    images,
    madeAt: '2026-11-24T10:00:00Z',
  };
  const page = renderContactSheet(sheet);
  expect(page).not.toMatch(/<script|<img src=x|\u202e|\u0007/iu);
  expect(page.match(/<img /gu)).toHaveLength(2);
  expect(page.indexOf('b.png')).toBeLessThan(page.indexOf('alert(1)', page.indexOf('class="mosaic')));
  expect(page).toContain('class="notes"');
  expect(renderContactSheet({ ...sheet, notes: [] })).not.toContain('class="notes"');
});
