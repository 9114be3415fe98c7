/**
 * Running other programs during set-up, and failing in one line.
 *
 * Plain JavaScript on purpose: these files run before anything is installed, also under a Node that is too old for
 * the rest.
 */
import { spawnSync } from 'node:child_process';

/** A set-up failure whose message is one complete sentence for the user: what is missing and what to do about it. */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'SetupError';
  }
}

/**
 * @typedef {object} RunResult
 * @property {boolean} ok true if the program was found and ended with 0
 * @property {string} stdout
 * @property {string} stderr
 * @property {NodeJS.Signals | null} signal that ended it
 */

/**
 * Runs a program to its end without a shell.
 *
 * @param {string} program name or path
 * @param {readonly string[]} args
 * @returns {RunResult}
 */
export function run(program, args) {
  const result = spawnSync(program, [...args], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { status, signal } = result;
  return { ok: status === 0, stdout: result.stdout ?? '', stderr: result.stderr ?? '', signal };
}

/**
 * The line of a program's output that says what went wrong: the first one that holds `error`, else the last one.
 *
 * @param {RunResult} result
 * @returns {string}
 */
export function reason(result) {
  if (result.signal !== null)
    return `ended by ${result.signal}${result.signal === 'SIGKILL' ? ', perhaps for want of memory' : ''}`;
  const lines = `${result.stderr}\n${result.stdout}`.split('\n').map((line) => line.trim());
  const filled = lines.filter((line) => line !== '');
  const line = filled.find((text) => /\berror\b/i.test(text)) ?? filled.at(-1) ?? 'no output';
  return line.replace(/^error:\s*/i, '').slice(0, 300);
}

/**
 * Runs a set-up script's main function. A {@link SetupError} becomes its one line and exit status 1; anything else is
 * a defect of the script and is named as one, without a stack unless `MUSTER_DEBUG` is set.
 *
 * @param {string} title what stands before the line, such as `muster set-up`
 * @param {() => void | Promise<void>} main
 */
export async function runMain(title, main) {
  try {
    await main();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const told = error instanceof SetupError ? text : `unexpected failure: ${text.split('\n')[0]}`;
    process.stderr.write(`${title}: ${told}\n`);
    if (process.env['MUSTER_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  }
}

/** Prints a line of progress. @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** @returns {string} the Python to use: `PYTHON` if set, else `python3` */
export function pythonProgram() {
  return process.env['PYTHON'] || 'python3';
}

/**
 * Makes sure that Python 3 with pip is there.
 *
 * @param {string} purpose what it is needed for, as the end of a sentence
 * @throws {SetupError} naming what to install
 */
export function requirePip(purpose) {
  const python = pythonProgram();
  const version = run(python, ['--version']);
  if (!version.ok) {
    throw new SetupError(
      `Python 3 with pip is needed ${purpose}, and \`${python}\` was not found: ` +
        'install it (Debian, Ubuntu: `apt install python3 python3-pip`) and run `npm ci` again.',
    );
  }
  if (!run(python, ['-m', 'pip', '--version']).ok) {
    throw new SetupError(
      `pip is needed ${purpose}, and \`${python} -m pip\` does not run: ` +
        'install it (Debian, Ubuntu: `apt install python3-pip`) and run `npm ci` again.',
    );
  }
}
