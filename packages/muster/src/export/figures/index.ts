export { confusionFigure, type Confusion } from './confusion.ts';
export { groupColumnsFigure, type GroupColumn, type GroupColumns } from './group-columns.ts';
export { lineChart, lineCharts, type Line, type LineChart, type LineCharts } from './line-chart.ts';
export type { LinePanel } from './line-panel.ts';
export { neighbourFigure, type NeighbourFigure, type NeighbourRow } from './neighbour-rows.ts';
export { nounFigure, type NounFigure, type NounImage } from './noun-bars.ts';
export type { FigureImage } from './picture.ts';
export { scatterFigure, type Scatter, type ScatterPanel } from './scatter.ts';
