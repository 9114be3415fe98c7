export * from './catalogue.ts';
export { cifar10Part, cifar100Part, type Cifar100Part } from './cifar.ts';
export { idxPart } from './mnist.ts';
export * from './open-data-set.ts';
export { partPixels, type RasterPart } from './rasters.ts';
export type { DataSetEntry, PaperUse, SplitSize } from './set.ts';
export { stl10Part } from './stl10.ts';
