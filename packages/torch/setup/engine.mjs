/** The engine's set-up as one call: libtorch, then the addon. */
import { buildEngine, requireCompiler } from './compile.mjs';
import { obtainLibtorch } from './libtorch.mjs';
import { engineObjection, readEngineRecord, sourceHash } from './locate.mjs';
import { SetupError } from './shell.mjs';

/**
 * Finds or brings libtorch and compiles the addon for it. What is there already is neither fetched nor compiled again.
 *
 * @param {(line: string) => void} say takes a line that tells what was done
 * @throws {SetupError} in one sentence, with what to do
 */
export function installEngine(say) {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new SetupError(
      `the engine is built on Linux (x64, arm64) only, and this is ${process.platform} ${process.arch}.`,
    );
  }
  if (Number(process.versions.napi) < 9) {
    throw new SetupError(`Node ${process.version} is too old to build the engine: install Node 24 from nodejs.org.`);
  }
  const record = readEngineRecord(sourceHash());
  if (record && engineObjection(record) === null) {
    say(`engine: ready, for libtorch ${record.version} in ${record.torchPath}`);
    return;
  }
  requireCompiler();
  const torch = obtainLibtorch(say);
  say(`torch: libtorch ${torch.version} in ${torch.path} (from ${torch.origin})`);
  const { seconds } = buildEngine(torch);
  say(`engine: ready, ${seconds === null ? 'the earlier build fits' : `compiled in ${seconds.toFixed(0)} s`}`);
}
