import { expect, test } from 'vitest';
import { nameEvidence } from './name.ts';

const fit = (text: string, share: number) => ({ text, synset: 'n00000001', share, elsewhere: 0.01 });

test('the evidence tells the word, its share, and the next word with its own', () => {
  const named = { name: 'clock', best: fit('clock', 0.8), runnerUp: fit('watch', 0.35) };
  expect(nameEvidence(named)).toBe('“clock” fits 80\u00a0% of the images here, 1\u00a0% elsewhere; next is “watch”, 35\u00a0%.'); // prettier-ignore
  expect(nameEvidence({ ...named, name: null })).toMatch(/closest is “clock”: .*; next is “watch”, 35\u00a0%\.$/u);
  expect(nameEvidence({ ...named, runnerUp: null })).toMatch(/1\u00a0% elsewhere\.$/u);
  expect(nameEvidence({ name: null, best: fit('clock', 0.1), runnerUp: fit('watch', 0.1) })).toBe('No word clearly fits.'); // prettier-ignore
  expect(nameEvidence({ name: null, best: null, runnerUp: null })).toBeNull();
});
