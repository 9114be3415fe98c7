/** Puts the generated methods on Tensor, and gives the operators out. */
import { methods } from './generated/operators.js';
import { Tensor } from './tensor.ts';

for (const [name, method] of Object.entries(methods)) {
  if (!Object.hasOwn(Tensor.prototype, name))
    Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}

export * from './generated/operators.js';
