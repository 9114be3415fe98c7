import { markup } from '../../base/index.ts';
import { svgFigure } from './frame.ts';
import { drawLinePanel, panelWidth, type LinePanel } from './line-panel.ts';

export { niceTicks, type Line } from './line-panel.ts';

/** Curves over common positions. */
export interface LineChart extends LinePanel {
  readonly title: string;
  readonly subtitle: readonly string[];
}

/** Panels one below the other. */
export interface LineCharts {
  readonly title: string;
  readonly subtitle: readonly string[];
  readonly panels: readonly LinePanel[];
}

/** Height of a panel: alone, and with others. */
const heights = { alone: 400, stacked: 270 } as const;
/** Between two panels. */
const gap = 24;

/** Curves with their names at their ends (TSP figure 1, TAC figure 5). */
export function lineChart({ title, subtitle, ...panel }: LineChart): string {
  return lineCharts({ title, subtitle, panels: [panel] });
}

/** Several panels of curves, for numbers that share no axis. */
export function lineCharts({ title, subtitle, panels }: LineCharts): string {
  const height = panels.length > 1 ? heights.stacked : heights.alone;
  const body = panels.map(
    (panel, at) => markup`<g transform="translate(0 ${at * (height + gap)})">${drawLinePanel(panel, height)}</g>`,
  );
  return svgFigure({ width: panelWidth, height: panels.length * (height + gap) - gap, title, subtitle, body });
}
