import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Every line runs in one process, which must live to its end and say the code of each error. */
const program = `
import * as torch from '${new URL('./index.ts', import.meta.url).href}';
const { Tensor, tensor, zeros } = torch;
const x = zeros([2, 3]);
const gone = zeros([1]);
gone.dispose();
const forged = Object.create(Tensor.prototype, { handle: { value: 123456789, writable: true } });
const cases = {
  'wrong shapes': () => x.mm(x),
  'wrong dtype': () => x.index([x]),
  'a list where a tensor goes': () => torch.mm([1], x),
  'too few arguments': () => torch.mm(x),
  'too many arguments': () => x.relu(1, 2, 3),
  'an unknown dtype': () => x.to({ dtype: 'float33' }),
  'an unknown device': () => x.to({ device: 'tpu' }),
  'a fraction for an integer': () => x.sum([0.5]),
  'NaN for an integer': () => x.select(NaN, 0),
  'an integer beyond 2^53': () => x.select(2 ** 60, 0),
  'an index out of range': () => x.select(0, 99),
  'a disposed tensor': () => gone.add(1),
  'a disposed tensor in a list': () => torch.cat([x, gone]),
  'a stale handle': () => forged.add(1),
  'a huge size': () => zeros([1e15]),
  'an overflowing size': () => zeros([2 ** 31, 2 ** 31, 2 ** 31]),
  'a negative size': () => zeros([-1]),
  'a list too long for the wire': () => torch.cat(new Array(70000).fill(x)),
  'a buffer too short': () => tensor(new Float32Array(2), [3]),
  'an unknown option': () => torch.full([2], 1, { dtyp: 'int64' }),
  'null for a tensor': () => torch.mm(null, x),
  'a string for a number': () => x.add('1'),
  'a second backward': () => { const p = tensor([1], null, { requiresGrad: true }); const l = p.square().sum(); l.backward(); l.backward(); },
  'a gradient of the wrong shape': () => { const p = tensor([1], null, { requiresGrad: true }); p.grad = x; },
  'no threads': () => torch.setThreads(0),
  'a billion threads': () => torch.setThreads(1e9),
  'a bad seed': () => torch.generator(-1),
  'a state of the wrong size': () => torch.generator(1).setState(zeros([3], { dtype: 'uint8' })),
  'gradients of more tensors than the wire holds': () => torch.gradsOf(new Array(400000).fill(x)),
  'more dimensions than the wire holds': () => zeros(new Array(40000).fill(1)).strides,
  'the state of a disposed generator': () => { const g = torch.generator(1); g.dispose(); g.state(); },
  'an object without a prototype': () => x.add(Object.create(null)),
  'more than one element for a number': () => x.item(),
};
const seen = {};
for (const [name, run] of Object.entries(cases)) {
  try { run(); seen[name] = 'no error'; } catch (error) { seen[name] = error instanceof torch.TorchError ? error.code : 'untyped ' + error; }
}
seen.alive = x.add(1).sum().item();
console.log(JSON.stringify(seen));
`;

it('turns every misuse into a typed error, and the process lives', () => {
  const output = execFileSync(process.execPath, ['--conditions=muster-source', '--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toMatchInlineSnapshot(`
    {
      "NaN for an integer": "E_ARG",
      "a bad seed": "E_ARG",
      "a billion threads": "E_ARG",
      "a buffer too short": "E_ARG",
      "a disposed tensor": "E_DISPOSED",
      "a disposed tensor in a list": "E_DISPOSED",
      "a fraction for an integer": "E_ARG",
      "a gradient of the wrong shape": "E_ARG",
      "a huge size": "E_OOM",
      "a list too long for the wire": "E_ARG",
      "a list where a tensor goes": "E_ARG",
      "a negative size": "E_TORCH",
      "a second backward": "E_TORCH",
      "a stale handle": "E_DISPOSED",
      "a state of the wrong size": "E_TORCH",
      "a string for a number": "E_ARG",
      "alive": 6,
      "an index out of range": "E_INDEX",
      "an integer beyond 2^53": "E_ARG",
      "an object without a prototype": "E_ARG",
      "an overflowing size": "E_TORCH",
      "an unknown device": "E_ARG",
      "an unknown dtype": "E_ARG",
      "an unknown option": "E_ARG",
      "gradients of more tensors than the wire holds": "E_ARG",
      "more dimensions than the wire holds": "E_ARG",
      "more than one element for a number": "E_TORCH",
      "no threads": "E_ARG",
      "null for a tensor": "E_ARG",
      "the state of a disposed generator": "E_DISPOSED",
      "too few arguments": "E_ARG",
      "too many arguments": "E_ARG",
      "wrong dtype": "E_INDEX",
      "wrong shapes": "E_TORCH",
    }
  `);
});
