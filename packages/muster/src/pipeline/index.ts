import type { Emit } from '../base/index.ts';
import type { ClusterOptionsInput } from './cluster-options.ts';
import type { ClusterResult } from './cluster-result.ts';
import type { DoctorReport } from './doctor.ts';

export { clusterOptions, type ClusterOptions, type ClusterOptionsInput } from './cluster-options.ts';
export type { ClusterResult, GroupResult } from './cluster-result.ts';
export type { DoctorLine, DoctorReport } from './doctor.ts';
export { packageVersion } from './version.ts';

// The use cases are loaded when they are called: help and doctor must work where the engine does not.

/** Groups the images of a folder; see `cluster.ts`. */
export async function clusterFolder(
  options: ClusterOptionsInput,
  emit?: Emit,
  signal?: AbortSignal,
): Promise<ClusterResult> {
  const { clusterFolder: run } = await import('./cluster.ts');
  return run(options, emit, signal);
}

/** Looks at what the machine offers and what is wrong; see `doctor.ts`. */
export async function examine(): Promise<DoctorReport> {
  const { examine: run } = await import('./doctor.ts');
  return run();
}
