#!/usr/bin/env node
/**
 * Everything that muster needs beside npm's packages: the engine and the embedded backbone's weights. Run as
 * `muster setup`, and by the set-up of a clone. What is there already is left alone.
 */
import { installEngine, runMain, say } from '@muster/torch/setup';
import { installWeights } from './weights.mjs';

await runMain('muster set-up', () => {
  installEngine(say);
  installWeights(say);
});
