import { Command, CommanderError } from 'commander';
import { errorCode, errorMessage, exitCodeOf, exitCodes, MusterError, printable } from '../base/index.ts';
import { addAssignCommand } from './assign-command.ts';
import { addAugmentCommand } from './augment-command.ts';
import { addClusterCommand } from './cluster-command.ts';
import { addDatasetsCommand } from './datasets-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addEvalCommand } from './eval-command.ts';
import { addFiguresCommand } from './figures-command.ts';
import { addSearchCommand } from './search-command.ts';
import { addMethodsCommand } from './methods-command.ts';
import { asksForClusterHelp, loadMethodsHelp } from './methods-help.ts';
import { addSetupCommand } from './setup-command.ts';
import { addTrainCommand } from './train-command.ts';
import { packageVersion } from '../pipeline/index.ts';
import { interruptedCode } from './interrupt.ts';

/** The whole command line. @param methods what `muster cluster --help` tells of the methods */
export function makeProgram(methods: string): Command {
  const program = new Command('muster')
    .description('Named groups from a folder of unlabelled images.')
    .version(packageVersion(), '--version', 'print the version')
    .addHelpText('after', '\nStart with:\n  muster cluster <folder>')
    .configureHelp({ sortSubcommands: false, helpWidth: Math.min(process.stdout.columns ?? 100, 110) })
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`muster: ${oneLine(text)}\n`) });
  addClusterCommand(program, methods);
  addAssignCommand(program);
  addMethodsCommand(program);
  addDatasetsCommand(program);
  addTrainCommand(program);
  addEvalCommand(program);
  addSearchCommand(program);
  addFiguresCommand(program);
  addAugmentCommand(program);
  addDoctorCommand(program);
  addSetupCommand(program);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}

/** commander's message on one line: `unknown option '--sed' (did you mean --seed?)`. */
function oneLine(text: string): string {
  return printable(
    text
      .trim()
      .replace(/^error: /u, '')
      .replace(/\s*\n\s*/gu, ' ')
      .replace('(Did', '(did'),
  );
}

/** The exit code for what a command threw; says what is wrong on one line. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage; // said by commander
  process.stderr.write(`muster: ${errorMessage(error)}\n`);
  if (error instanceof MusterError) return error.code === 'interrupted' ? interruptedCode : error.exitCode;
  if (process.env['MUSTER_DEBUG'] !== undefined && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCodeOf(error);
}

// Whoever read our output has had enough (`muster doctor | head -1`): there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (errorCode(error) !== 'EPIPE') process.exitCode = report(error);
  });
}

try {
  // Only help is in need of the methods: loading them loads the engine.
  const methods = asksForClusterHelp(process.argv.slice(2)) ? await loadMethodsHelp() : '';
  await makeProgram(methods).parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
