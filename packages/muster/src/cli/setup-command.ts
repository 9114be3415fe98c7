import type { Command } from 'commander';

/**
 * `muster setup`: brings the engine and the weights. The launcher runs the same script by itself, since it must work
 * before there is anything to start; here it is listed and explained.
 */
export function addSetupCommand(program: Command): void {
  program
    .command('setup')
    .description('bring what muster needs: libtorch, the engine compiled for it, the weights; what is there stays')
    .action(async () => {
      await import(new URL('../../setup/install.mjs', import.meta.url).href);
    });
}
