export * from './collection.ts';
export * from './folder.ts';
export * from './labels.ts';
export * from './open.ts';
export * from './path-text.ts';
export * from './tar.ts';
