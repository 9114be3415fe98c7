import { TorchError } from '../errors.ts';
import type { Device, DType, MemoryFormat } from '../dtype.ts';
import { isFloatingPoint } from '../dtype.ts';
import { noGrad, Parameter, scope, Tensor } from '../index.ts';
import { checkState, matchState } from './state-dict.ts';
import type { LoadOptions } from './state-dict.ts';

/** Where {@link Module.to} moves a module; what is not given stays. */
export interface ModuleTarget {
  /** Of parameters and buffers in floating point; integer buffers keep theirs. */
  readonly dtype?: DType;
  readonly device?: Device;
  /** Of tensors with four dimensions. */
  readonly memoryFormat?: MemoryFormat;
}

/** A module that maps one tensor to one tensor. */
export type Layer = Module & { forward(input: Tensor): Tensor };

/**
 * A part of a network. A property that is a {@link Parameter} is a parameter, any other Tensor a buffer, a Module a child;
 * null properties are skipped. Names in state dicts are the properties' names in snake case (`runningMean` is `running_mean`),
 * as PyTorch writes them. Make modules outside of scopes: a scope would free their tensors.
 */
export abstract class Module {
  /** Whether the module behaves as in training (batch statistics, dropout). */
  training = true;

  /** Names in state dicts, of this module alone, that a state may lack. */
  protected optionalState(): readonly string[] {
    return [];
  }

  /** The members by their names in state dicts. Containers that number their children override it. */
  protected members(): Iterable<readonly [string, unknown]> {
    return Object.entries(this).map(([property, value]) => [snakeCase(property), value] as const);
  }

  /** Sets training mode here and below. */
  train(mode = true): this {
    for (const module of this.namedModules().values()) module.training = mode;
    return this;
  }

  /** Leaves training mode here and below. */
  eval(): this {
    return this.train(false);
  }

  namedChildren(): Map<string, Module> {
    const children = new Map<string, Module>();
    for (const [name, value] of this.members()) if (value instanceof Module) children.set(name, value);
    return children;
  }

  children(): Module[] {
    return [...this.namedChildren().values()];
  }

  /** This module (under the empty name) and all below, parents first; a shared one under its first name. */
  namedModules(prefix = ''): Map<string, Module> {
    const found = new Map<string, Module>();
    collectModules(this, prefix, found, new Set());
    return found;
  }

  /** The parameters here and below; a shared one under its first name. */
  namedParameters(): Map<string, Parameter> {
    return distinct(this.tensors((value) => value instanceof Parameter));
  }

  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** The tensors here and below that are no parameters. */
  namedBuffers(): Map<string, Tensor> {
    return distinct(this.tensors((value): value is Tensor => value instanceof Tensor && !(value instanceof Parameter)));
  }

  buffers(): Tensor[] {
    return [...this.namedBuffers().values()];
  }

  /** All parameters and buffers under PyTorch's names: the module's own tensors, not copies. */
  stateDict(): Map<string, Tensor> {
    return this.tensors((value): value is Tensor => value instanceof Tensor);
  }

  /**
   * Copies a state into the module's tensors, converting dtype and device.
   *
   * Throws one `E_ARG` error before anything is copied if names or shapes do not fit (the first ten of each kind) or values are
   * not finite.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>, options: LoadOptions = {}): void {
    const optional = new Set<string>();
    for (const [name, module] of this.namedModules()) {
      for (const key of module.optionalState()) optional.add(join(name, key));
    }
    const pairs = matchState(this.stateDict(), state, optional, options);
    if (options.allowNonFinite !== true) checkState(pairs);
    noGrad(() => {
      for (const { target, source } of pairs) scope(() => void target.copy_(source));
    });
  }

  /**
   * Moves parameters and buffers, here and below. They become new objects without gradients, so make an optimiser afterwards.
   */
  to(target: ModuleTarget): this {
    const moved = new Map<Tensor, Tensor>();
    for (const module of this.namedModules().values()) {
      for (const [property, value] of Object.entries(module)) {
        if (value instanceof Tensor) Reflect.set(module, property, moved.get(value) ?? move(value, target, moved));
      }
    }
    return this;
  }

  /** Switches the recording of gradients for all parameters, here and below. */
  requiresGrad_(value = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(value);
    return this;
  }

  /** Drops all gradients, here and below. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Frees all parameters and buffers, here and below. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private tensors<T extends Tensor>(wanted: (value: unknown) => value is T, prefix = ''): Map<string, T> {
    const found = new Map<string, T>();
    for (const [name, value] of this.members()) {
      if (wanted(value)) found.set(join(prefix, name), value);
    }
    for (const [name, child] of this.namedChildren()) {
      for (const [key, value] of child.tensors(wanted, join(prefix, name))) found.set(key, value);
    }
    return found;
  }
}

/** `runningMean` to `running_mean`, `qProj` to `q_proj`; digits stay where they are. */
export function snakeCase(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

function collectModules(module: Module, name: string, found: Map<string, Module>, seen: Set<Module>): void {
  if (seen.has(module)) return;
  seen.add(module);
  found.set(name, module);
  for (const [key, child] of module.namedChildren()) collectModules(child, join(name, key), found, seen);
}

function distinct<T>(named: ReadonlyMap<string, T>): Map<string, T> {
  const seen = new Set<T>();
  return new Map([...named].filter(([, value]) => !seen.has(value) && seen.add(value)));
}

function move(value: Tensor, { dtype, device, memoryFormat }: ModuleTarget, moved: Map<Tensor, Tensor>): Tensor {
  const { requiresGrad } = value;
  const result = scope(() => {
    let tensor = value.detach();
    if (device !== undefined) tensor = tensor.to({ device });
    if (dtype !== undefined && isFloatingPoint(tensor.dtype)) tensor = tensor.to(dtype);
    if (memoryFormat !== undefined && tensor.ndim === 4) tensor = tensor.contiguous({ memoryFormat });
    return tensor;
  });
  const tensor = value instanceof Parameter ? new Parameter(result) : result;
  if (value instanceof Parameter && !requiresGrad) tensor.requiresGrad_(false);
  value.dispose();
  moved.set(value, tensor);
  return tensor;
}

/** The error of a module that was made or called in a wrong way. */
export function moduleError(module: string, problem: string): TorchError {
  return new TorchError('E_ARG', module, problem);
}
