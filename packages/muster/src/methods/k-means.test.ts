import { expect, test } from 'vitest';
import * as torch from '@muster/torch';
import { generator, setThreads } from '@muster/torch';
import { silent } from '../base/index.ts';
import { kMeans } from './k-means.ts';

setThreads(1);

test('mini-batches keep to their own number of starts, one above 64 groups, unless told otherwise', async () => {
  using embeddings = torch.randn([300, 4], { generator: generator(1) });
  const inertiaOf = async (set: Readonly<Record<string, unknown>>): Promise<number> => {
    const fitted = await kMeans.fit({ embeddings }, { groups: 65, ...set }, { seed: 2, device: 'cpu', emit: silent });
    fitted.dispose();
    return fitted.values['inertia'] ?? NaN;
  };
  const byItself = await inertiaOf({ algorithm: 'mini-batch' });
  expect(byItself).toBe(await inertiaOf({ algorithm: 'mini-batch', restarts: 1 }));
  expect(byItself).not.toBe(await inertiaOf({ algorithm: 'mini-batch', restarts: 10 }));
  expect(await inertiaOf({ algorithm: 'lloyd', restarts: 10 })).toBe(await inertiaOf({ restarts: 10 }));
});
