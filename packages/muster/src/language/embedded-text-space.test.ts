import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generator, liveTensors, scope, tensor, type Tensor } from '@muster/torch';
import * as torch from '@muster/torch';
import { loadImageClasses } from './classes.ts';
import { EmbeddedTextSpace } from './embedded-text-space.ts';
import { nameGroups } from './names.ts';
import { loadNouns } from './nouns.ts';

const dim = 16;
const nouns = loadNouns();
const classes = loadImageClasses();
let weight: Tensor;
let bias: Tensor;
let space: EmbeddedTextSpace;
const before = liveTensors();

beforeAll(() => {
  weight = scope(() => {
    const rows = torch.randn([1000, dim], { generator: generator(1), dtype: 'float32' });
    return rows.div(torch.linalgVectorNorm(rows, 2, [1], true));
  });
  bias = torch.zeros([1000], { dtype: 'float32' });
  space = new EmbeddedTextSpace({ weight, bias }, nouns, classes);
});
afterAll(() => {
  space.dispose();
  weight.dispose();
  bias.dispose();
  expect(liveTensors()).toBeLessThanOrEqual(before + 1); // the generators of the file are not tensors
});

describe('EmbeddedTextSpace', () => {
  test('a class is its centred row, a hypernym the mean of the rows below, both unit', () => {
    scope(() => {
      const { vectors, known } = space.encode(['tench', 'musical instruments', 'zxqv']);
      expect(known).toEqual([true, true, false]);
      const [instrument] = nouns.senses('musical instrument');
      const below = classes
        .filter(({ synset }) => nouns.ancestors(synset).includes(instrument?.id ?? ''))
        .map(({ index }) => BigInt(index));
      const centred = weight.sub(weight.mean([0], true));
      const rows = [centred.select(0, 0), centred.indexSelect(0, tensor(BigInt64Array.from(below))).mean([0])];
      rows.forEach((row, at) =>
        expect(vectors.select(0, at).sub(row.div(row.norm())).abs().max().item()).toBeLessThan(1e-5),
      );
      expect(vectors.select(0, 1).norm().item()).toBeCloseTo(1, 5);
      expect(vectors.select(0, 2).norm().item()).toBe(0);
    });
  });

  test('no texts give no rows, and a classifier of another size is refused', () => {
    scope(() => expect(space.encode([]).vectors.shape).toEqual([0, dim]));
    scope(() => {
      const small = {
        weight: torch.zeros([10, dim], { dtype: 'float32' }),
        bias: torch.zeros([10], { dtype: 'float32' }),
      };
      expect(() => new EmbeddedTextSpace(small, nouns, classes)).toThrow(/\[10, 16\]/u);
    });
  });

  test('shares are the softmax of the classifier', () => {
    scope(() => {
      const x = torch.randn([3, dim], { generator: generator(2), dtype: 'float32' });
      const shares = space.shares(x);
      expect(shares.sub(x.mm(weight.t()).softmax(1)).abs().max().item()).toBeLessThan(1e-6);
    });
  });

  test('groups of images of planted kinds get their names, through all images and no tensors left', () => {
    scope(() => {
      const vehicles = (space.words.find(({ text }) => text === 'motor vehicle')?.below ?? []).slice(0, 3);
      const kinds = [0, 0, 0, ...vehicles];
      const rows = weight.indexSelect(0, tensor(BigInt64Array.from(kinds, BigInt)));
      const sharp = rows.mul(150); // so near the row that the kind is beyond doubt
      const live = liveTensors();
      const names = nameGroups(space, nouns, sharp, Int32Array.from([0, 0, 0, 1, 1, 1]), 2);
      expect(liveTensors()).toBe(live);
      expect(['tench', 'fish']).toContain(names[0]?.name);
      expect(names[1]?.best?.share).toBeGreaterThan(0.9);
      expect(['motor vehicle', 'car', 'truck', 'wheeled vehicle', 'self-propelled vehicle', 'vehicle']).toContain(
        names[1]?.name,
      );
    });
  });
});
