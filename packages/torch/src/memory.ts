/** Memory of the engine, and the number of threads. */
import { readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { native } from './native.ts';

const wire = new Float64Array(native.wire, 0, 1 << 16);

export interface MemoryStats {
  /** Held by tensors. */
  liveBytes: number;
  /** Freed by tensors and kept for the next. */
  cachedBytes: number;
  /** The most that tensors ever held, or since `resetPeakMemory`. */
  peakBytes: number;
  /** What tensors and cache may hold together. */
  budgetBytes: number;
}

export function memoryStats(): MemoryStats {
  native.memory();
  const [liveBytes = 0, cachedBytes = 0, peakBytes = 0, budgetBytes = 0] = wire;
  return { liveBytes, cachedBytes, peakBytes, budgetBytes };
}

/** Limits the memory of CPU tensors: beyond it operators end in an `E_OOM`. The default is 60 % of what was available at start. */
export const setMemoryBudget = (bytes: number): void => native.memory(bytes);

/** Counts the peak anew. */
export const resetPeakMemory = (): void => native.resetPeakMemory();

/** Gives cached memory back to the system. */
export const trimMemory = (): void => native.trimMemory();

/** Tensors and other objects of the engine that are alive: constant over the steps of a healthy loop. */
export const liveTensors = (): number => native.live();

/** Sets the number of threads of the operators, between 1 and four times the cores. @throws TorchError `E_ARG` */
export const setThreads = (count: number): void => void native.threads(count);

/** The number of threads of the operators. */
export const threads = (): number => native.threads();

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // not Linux, or not in a control group
  }
}

/** What the control group leaves, of version 2 or 1; page cache that can be dropped counts as free. */
function containerMemory(): number {
  const limit = Number(
    read('/sys/fs/cgroup/memory.max') ?? read('/sys/fs/cgroup/memory/memory.limit_in_bytes') ?? Number.NaN,
  );
  if (!(limit > 0)) return Number.POSITIVE_INFINITY; // "max", or no control group
  const used = Number(
    read('/sys/fs/cgroup/memory.current') ?? read('/sys/fs/cgroup/memory/memory.usage_in_bytes') ?? 0,
  );
  const statistics = read('/sys/fs/cgroup/memory.stat') ?? read('/sys/fs/cgroup/memory/memory.stat') ?? '';
  const droppable = Number(/^(?:total_)?inactive_file (\d+)/m.exec(statistics)?.[1] ?? 0);
  return limit - used + droppable;
}

/** Bytes that this process may still take: the machine's, or the container's if that is less. */
export function availableMemory(): number {
  const machine =
    Number(/^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1] ?? freemem() / 1024) * 1024;
  return Math.min(machine, containerMemory());
}

setMemoryBudget(Math.max(availableMemory() * 0.6, 256 * 2 ** 20));
// A container may grant fewer processors than the machine has; OpenMP counts the machine's.
if (process.env['OMP_NUM_THREADS'] === undefined) setThreads(Math.min(threads(), availableParallelism()));
