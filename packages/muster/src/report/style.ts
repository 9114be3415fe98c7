/** The report's whole style sheet. Colours are named once, for light and for dark. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #faf8f4; --card: #ffffff; --ink: #1d1b18; --soft: #6a655d; --line: #e6e1d8;
  --accent: #0d6e62; --accent-2: #7fb5ab; --accent-3: #d9d3c7; --warn: #8a4b08; --warn-page: #fdf3e3;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Georgia, "DejaVu Serif", serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171614; --card: #211f1c; --ink: #efebe4; --soft: #a8a196; --line: #37332e;
    --accent: #6cc4b6; --accent-2: #3f7f76; --accent-3: #4a453e; --warn: #f0b768; --warn-page: #33291a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 var(--sans); font-variant-numeric: tabular-nums; }
a { color: var(--accent); }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 3.5rem; }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.15; text-wrap: balance; overflow-wrap: anywhere; margin: 0; }
h1 { font-size: clamp(2.2rem, 5vw, 3.4rem); letter-spacing: -0.015em; }
h2 { font-size: 1.6rem; margin: 3.5rem 0 1rem; }
h3 { font-size: 1.3rem; }
p { margin: 0.4rem 0; max-width: 46rem; }
.kicker { color: var(--soft); font-size: 0.85rem; letter-spacing: 0.08em; text-transform: uppercase; margin-bottom: 0.5rem; }
.lead { font-size: 1.15rem; color: var(--soft); margin-top: 0.8rem; }
.lead strong { color: var(--ink); font-weight: 600; }
.notes { list-style: none; margin: 1.5rem 0 0; padding: 0.8rem 1.1rem; background: var(--warn-page); color: var(--warn); border-radius: 8px; max-width: 46rem; }
.notes li + li { margin-top: 0.4rem; }
.strip { display: block; width: 100%; height: 2.6rem; margin: 2rem 0 0.8rem; border-radius: 8px; }
.strip rect { fill: var(--accent-2); }
.strip a:nth-child(odd) rect { fill: var(--accent); }
.strip a:hover rect { fill: var(--ink); }
.index { list-style: none; margin: 0; padding: 0; columns: 15rem auto; column-gap: 2rem; font-size: 0.92rem; }
.index li { break-inside: avoid; }
.index a { display: flex; gap: 0.6rem; padding: 0.16rem 0; text-decoration: none; color: inherit; }
.index a:hover .label { text-decoration: underline; }
.index .label { flex: 1; overflow-wrap: anywhere; }
.index .count { color: var(--soft); }
.groups { display: grid; gap: 1.4rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21.5rem), 1fr)); margin: 2.5rem 0 0; padding: 0; list-style: none; }
.card { display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.2rem; scroll-margin-top: 1rem; }
.card:target { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.card .top { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
.card .top .size { white-space: nowrap; color: var(--soft); font-size: 0.92rem; }
.unnamed { color: var(--soft); }
.bar { display: block; width: 100%; height: 6px; margin: 0.7rem 0 0.9rem; }
.bar .track { fill: var(--line); }
.bar .fill { fill: var(--accent); }
.mosaic { display: grid; grid-template-columns: repeat(4, 1fr); gap: 6px; margin: 0; padding: 0; list-style: none; }
.mosaic li:first-child { grid-column: span 2; grid-row: span 2; }
.mosaic.small li:first-child { grid-column: auto; grid-row: auto; }
.mosaic.wide { grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: 1rem 0.8rem; }
.mosaic.wide li:first-child { grid-column: auto; grid-row: auto; }
.mosaic.sheet { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1.6rem 1.2rem; margin-top: 2.5rem; }
.shot { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: contain; background: #ffffff; border: 1px solid var(--line); border-radius: 7px; }
.shot.missing { display: grid; place-items: center; color: #6a655d; font-size: 0.75rem; padding: 0.3rem; text-align: center; overflow: hidden; }
.small .shot { border-style: dashed; }
.caption { display: block; color: var(--soft); font-size: 0.78rem; line-height: 1.35; margin-top: 0.25rem; overflow-wrap: anywhere; }
.fine { color: var(--soft); font-size: 0.86rem; line-height: 1.45; margin: 0.8rem 0 0; }
.rest { margin-top: auto; padding-top: 0.2rem; }
.nouns { list-style: none; margin: 0; padding: 0; font-size: 0.86rem; }
.nouns li { display: grid; grid-template-columns: 1fr auto; column-gap: 0.6rem; }
.nouns .label { overflow-wrap: anywhere; }
.nouns .count { color: var(--soft); }
.nouns .bar { grid-column: 1 / -1; height: 4px; margin: 0.1rem 0 0.35rem; }
.doubt { color: var(--soft); font-size: 0.8rem; margin: 0.9rem 0 0.4rem; }
.sureness { display: block; width: 100%; height: 6px; margin-top: 1rem; }
.sureness .sure { fill: var(--accent); }
.sureness .fair { fill: var(--accent-2); }
.sureness .unsure { fill: var(--accent-3); }
.scores { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin: 0; }
.scores div { min-width: 8rem; }
.scores dt { color: var(--soft); font-size: 0.88rem; }
.scores dd { margin: 0; font: 600 2.2rem/1.2 var(--serif); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; min-width: min(100%, 30rem); }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 1.4rem 0.4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--soft); }
code { font: 0.9em/1.4 ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
details summary { cursor: pointer; color: var(--accent); margin: 0.5rem 0; }
footer { color: var(--soft); font-size: 0.86rem; padding-top: 2rem; padding-bottom: 3rem; margin-top: 4rem; }
footer p { border-top: 1px solid var(--line); padding-top: 1.2rem; max-width: none; }
@media print { .card { break-inside: avoid; } body { background: none; } }
`;
