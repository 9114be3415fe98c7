#!/usr/bin/env node
/**
 * Sets the engine up: finds or brings libtorch and compiles the addon for it, both into the cache. Run by npm when the
 * package is installed, and by hand after a change to the C++ sources: `node packages/torch/setup/install.mjs`.
 */
import { installEngine } from './engine.mjs';
import { runMain, say } from './shell.mjs';

await runMain('muster set-up', () => installEngine(say));
