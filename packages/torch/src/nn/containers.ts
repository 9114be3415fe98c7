import type { Tensor } from '../index.ts';
import { Module, moduleError } from './module.ts';
import type { Layer } from './module.ts';

/** Modules under the names 0, 1, 2, ... */
export class ModuleList<T extends Module = Module> extends Module {
  private readonly items: T[];

  constructor(modules: Iterable<T> = []) {
    super();
    this.items = [...modules];
  }

  get length(): number {
    return this.items.length;
  }

  /** The module of an index; negative ones count from the end. */
  at(index: number): T {
    const module = this.items.at(index);
    if (module === undefined) throw moduleError('ModuleList', `no module ${index}; there are ${this.items.length}`);
    return module;
  }

  push(module: T): this {
    this.items.push(module);
    return this;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }

  protected override members(): Iterable<readonly [string, unknown]> {
    return this.items.map((module, index) => [String(index), module] as const);
  }
}

/** Layers that are applied one after the other; their names are 0, 1, 2, ... */
export class Sequential extends ModuleList<Layer> {
  constructor(...layers: Layer[]) {
    super(layers);
  }

  forward(input: Tensor): Tensor {
    let value = input;
    for (const layer of this) value = layer.forward(value);
    return value;
  }
}
