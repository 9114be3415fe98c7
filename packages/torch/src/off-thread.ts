/** Heavy work beside the event loop. */
import { autocastDtypeInUse, isGradEnabled } from './autograd.ts';
import { dtypeCodes, type DType } from './dtype.ts';
import { TorchError } from './errors.ts';
import { native } from './native.ts';
import { Recording, recorder } from './recorder.ts';
import { Tensor } from './tensor.ts';

type Recorded = Tensor | readonly Tensor[] | void;

export interface OffThreadOptions {
  /** Whether a graph is recorded; by default as it is now. */
  grad?: boolean;
  /** The dtype of autocast on the worker, or null; by default as it is now. */
  autocast?: DType | null;
}

/** Runs `body` with every operator going into a recording. */
function record<T>(body: () => T): { recording: Recording; result: T } {
  if (recorder.active !== null)
    throw new TorchError('E_ARG', 'offThread', 'a recording cannot begin inside of another');
  const recording = new Recording();
  recorder.active = recording;
  try {
    const result = body();
    if (result instanceof Promise)
      throw new TorchError('E_ARG', 'offThread', 'its body must be synchronous: it only records');
    return { recording, result };
  } finally {
    recorder.active = null;
  }
}

/**
 * Records the operators that `body` calls, and runs them on the worker thread; the event loop goes on meanwhile.
 *
 * Nothing is computed while `body` runs: its tensors have no shape and no values yet, and operators that give a number or a
 * list cannot be used in it. Programs run one after the other, in the order given. Do not start large operators on the main
 * thread meanwhile: both would ask for all cores.
 *
 * @param body what it returns is what the promise gives
 * @returns a promise of the tensors; they belong to the caller
 * @throws TorchError what an operator of the program throws
 * @example
 * const loss = await offThread(() => { const l = model.forward(x).square().mean(); l.backward(); return l; });
 * const embedding = await offThread(() => model.forward(x), { grad: false });
 */
export async function offThread<T extends Recorded>(body: () => T, options: OffThreadOptions = {}): Promise<T> {
  const { recording, result } = record(body);
  const wanted = result instanceof Tensor ? [result] : Array.isArray(result) ? (result as Tensor[]) : [];
  const made = [...new Set(wanted.filter((tensor) => tensor.handle < 0))];
  for (const tensor of made) recording.keep(tensor.handle);
  const { grad = isGradEnabled(), autocast = autocastDtypeInUse() } = options;
  const handles = await native.runProgram(
    Float64Array.from(recording.code),
    Float64Array.from(recording.pinned),
    Float64Array.from(made, (tensor) => -tensor.handle - 1),
    grad,
    autocast === null ? -1 : dtypeCodes[autocast],
    Float64Array.from(recording.lastUses),
  );
  const computed = new Map(made.map((tensor, i) => [tensor, new Tensor(handles[i] ?? 0)]));
  const settled = (tensor: Tensor): Tensor => computed.get(tensor) ?? tensor;
  return (result instanceof Tensor ? settled(result) : Array.isArray(result) ? wanted.map(settled) : undefined) as T;
}
