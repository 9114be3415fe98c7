/** What the conformance suites of methods and of pretrainings have in common: helpers of tests, which nothing else imports. */
export { demandRefusals, equalImages, onlyPixels } from './refusals.ts';
export { whileFitted, withFolder, withThreads } from './resources.ts';
export { demandResumeInside } from './resume.ts';
export { demandSavedValues } from './saved-values.ts';
export { stopAfter } from './stop.ts';
export { demandCollapseSaid } from './warnings.ts';
