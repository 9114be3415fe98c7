import { describe, expect, test } from 'vitest';
import { MusterError, errorCode, errorMessage, exitCodeOf } from './errors.ts';

describe('MusterError', () => {
  test('is one line: where, what, what to do', () => {
    const error = new MusterError('TRUNCATED', 'ends early.', { where: 'a/b.jpg', fix: 'bring it anew' });
    expect(error.message).toBe('a/b.jpg: ends early; bring it anew');
    expect(error).toMatchObject({ code: 'TRUNCATED', where: 'a/b.jpg', fix: 'bring it anew', what: 'ends early.' });
  });

  test('cannot break out of its line or colour a terminal', () => {
    const error = new MusterError('X', 'is bad', { where: 'a\nb\u001b[31m\u202e.jpg' });
    expect(error.message).toBe('a\\x0ab\\x1b[31m\\u{202e}.jpg: is bad');
  });

  test('has the exit code of its kind', () => {
    const code = (kind?: 'usage' | 'input' | 'resources' | 'internal') =>
      exitCodeOf(new MusterError('X', 'x', kind === undefined ? {} : { kind }));
    expect([code(), code('usage'), code('input'), code('resources'), code('internal')]).toEqual([3, 2, 3, 4, 5]);
  });

  test('keeps its cause', () => {
    const cause = new Error('deep');
    expect(new MusterError('X', 'x', { cause }).cause).toBe(cause);
  });
});

test('foreign errors: a full disk and the engine out of memory are resources, the rest is internal', () => {
  expect(exitCodeOf(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe(4);
  expect(exitCodeOf(Object.assign(new Error('x'), { code: 'E_OOM' }))).toBe(4);
  expect(exitCodeOf(new TypeError('x'))).toBe(5);
  expect(exitCodeOf('text')).toBe(5);
  expect(errorCode(null)).toBeUndefined();
  expect(errorMessage(new Error('two\n  lines'))).toBe('two lines');
});
