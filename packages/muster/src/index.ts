/**
 * Named groups from a folder of unlabelled images.
 *
 * @packageDocumentation
 */
export { exitCodes, MusterError, type Emit, type MusterEvent } from './base/index.ts';
export {
  clusterFolder,
  clusterOptions,
  examine,
  type ClusterOptions,
  type ClusterOptionsInput,
  type ClusterResult,
  type DoctorReport,
  type GroupResult,
} from './pipeline/index.ts';
