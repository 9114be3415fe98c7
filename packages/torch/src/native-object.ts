/** Objects of libtorch that are no tensors: packed parameters and the like. They are only passed back to operators. */
import { track } from './lifetime.ts';

export class NativeObject {
  handle: number;

  constructor(handle: number) {
    this.handle = handle;
    track(this, handle);
  }
}
