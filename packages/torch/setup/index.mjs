/** What other packages' set-ups share with the engine's. */
export { cacheFolder, makeWhole, prepareFolder, withScratch } from './cache.mjs';
export { installEngine } from './engine.mjs';
export { SetupError, pythonProgram, reason, requirePip, run, runMain, say } from './shell.mjs';
