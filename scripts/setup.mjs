#!/usr/bin/env node
/**
 * Sets a clone up after `npm ci`: engine, weights, example pictures. Idempotent; what is missing on the machine is one
 * line.
 */
import { installEngine, runMain, say, SetupError } from '@muster/torch/setup';
import { findNode, noNodeMessage } from '../packages/muster/bin/find-node.js';
import { installWeights } from '../packages/muster/setup/weights.mjs';
import { layOutEmoji } from './emoji.mjs';

await runMain('muster set-up', () => {
  if (findNode() === null) throw new SetupError(noNodeMessage());
  installEngine(say);
  installWeights(say);
  layOutEmoji(say);
});
