import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveTensors, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { loadImageClasses } from './classes.ts';
import { EmbeddedTextSpace } from './embedded-text-space.ts';
import { loadNouns } from './nouns.ts';
import { readQuery } from './read-query.ts';

let weight: Tensor;
let bias: Tensor;
let space: EmbeddedTextSpace;

beforeAll(() => {
  weight = torch.eye(1000, 8, { dtype: 'float32' });
  bias = torch.zeros([1000], { dtype: 'float32' });
  space = new EmbeddedTextSpace({ weight, bias }, loadNouns(), loadImageClasses());
});
afterAll(() => {
  space.dispose();
  weight.dispose();
  bias.dispose();
});

test('longest phrases first; unknown words are named, joining ones passed over; no tensors left', () => {
  const before = liveTensors();
  expect(readQuery(space, 'a Red fire_engine and dogs, zxqv')).toEqual({
    known: ['fire engine', 'dogs'],
    unknown: ['red', 'zxqv'],
  });
  expect(readQuery(space, 'dog dog')).toEqual({ known: ['dog'], unknown: [] });
  expect(readQuery(space, '  of the … ')).toEqual({ known: [], unknown: [] });
  expect(readQuery(space, 'jack-o’-lantern').unknown).toContain('jack-o');
  expect(liveTensors()).toBe(before);
});
