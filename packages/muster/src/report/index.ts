export { escapeHtml, Markup, markup } from './html.ts';
export { percent } from './group-card.ts';
export { renderReport } from './report.ts';
export type { ReportData, ReportGroup, ReportImage, ReportScores } from './report-data.ts';
