export * from './bmp.ts';
export * from './csv.ts';
export * from './pnm.ts';
export * from './random-access.ts';
export * from './raster.ts';
export * from './tar.ts';
