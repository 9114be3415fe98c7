export * from './errors.ts';
export * from './events.ts';
export * from './file-codes.ts';
export * from './limits.ts';
export * from './output-marker.ts';
export * from './seeds.ts';
export * from './text.ts';
