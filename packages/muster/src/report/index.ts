export { renderContactSheet, type ContactSheet } from './contact-sheet.ts';
export { percent } from './group-card.ts';
export { renderReport } from './report.ts';
export type { ReportData, ReportGroup, ReportImage, ReportScores } from './report-data.ts';
