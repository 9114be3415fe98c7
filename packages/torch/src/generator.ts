/** Seeded random generators. */
import { deviceCode, type Device } from './dtype.ts';
import { TorchError } from './errors.ts';
import { release, track } from './lifetime.ts';
import { native } from './native.ts';
import { liveHandle, Tensor } from './tensor.ts';

/** A stream of random numbers with its own state; the same seed gives the same numbers as PyTorch's. */
export class Generator {
  handle: number;

  /**
   * @param seed a natural number below 2^53
   * @throws TorchError `E_ARG` for any other
   */
  constructor(seed: number, device: Device = 'cpu') {
    this.handle = native.generator(seed, deviceCode(device));
    track(this, this.handle);
  }

  /** The state as a uint8 tensor, to be saved in a checkpoint. */
  state(): Tensor {
    return new Tensor(native.generatorState(this.#live()));
  }

  /** Goes on from a saved state. */
  setState(state: Tensor): this {
    native.generatorState(this.#live(), liveHandle(state));
    return this;
  }

  /** The handle; 0 would be the default generator. */
  #live(): number {
    if (this.handle === 0) throw new TorchError('E_DISPOSED', 'generator', 'the generator was disposed of');
    return this.handle;
  }

  dispose(): void {
    if (this.handle > 0) release(this, this.handle);
    this.handle = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A new seeded generator. */
export const generator = (seed: number, device: Device = 'cpu'): Generator => new Generator(seed, device);

/** Seeds the default generator of every device. Prefer a generator of your own: the default one is shared by all. */
export const manualSeed = (seed: number): void => native.manualSeed(seed);
