import { describe, expect, it } from 'vitest';
import { engineInfo } from '../src/index.ts';
import { staleFiles } from './generate.ts';
import { camelCase } from './names.ts';
import { parseSchema } from './schema.ts';

describe('code generation', () => {
  it.runIf(engineInfo().version.startsWith('2.13'))('gives what is checked in', () => {
    expect(staleFiles(), 'run `npm run codegen`').toEqual([]);
  });

  it('keeps the underscores that mean something', () => {
    expect(['log_softmax', '_foreach_add_', 'max_pool2d', '__and__', '_adaptive_avg_pool2d'].map(camelCase)).toEqual([
      'logSoftmax',
      '_foreachAdd_',
      'maxPool2d',
      '__and__',
      '_adaptiveAvgPool2d',
    ]);
  });

  it('reads defaults that hold commas, alias marks and keyword-only arguments', () => {
    const schema = parseSchema(
      'aten::conv.out(Tensor(a!) self, SymInt[2] stride=[1, 1], str mode="a, b", *, Tensor(b!) out) -> (Tensor(a!), Tensor(b!) result)\t0 14=[2] 5= 0* ',
    );
    expect(schema.arguments.map((a) => [a.name, a.kind, a.hasDefault, a.keyword, a.broadcast, a.mutates])).toEqual([
      ['self', 'tensor', false, false, false, 'a'],
      ['stride', 'integers', true, false, true, null],
      ['mode', 'string', true, false, false, null],
      ['out', 'tensor', false, true, false, 'b'],
    ]);
    expect(schema.results).toEqual([
      { type: 'Tensor', name: null, mutated: 'a' },
      { type: 'Tensor', name: 'result', mutated: 'b' },
    ]);
  });
});
