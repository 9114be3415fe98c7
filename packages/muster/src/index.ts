/**
 * Named groups from a folder of unlabelled images.
 *
 * @packageDocumentation
 */
export { exitCodes, MusterError, type Emit, type MusterEvent } from './base/index.ts';
export {
  assignImages,
  assignOptions,
  clusterFolder,
  clusterOptions,
  examine,
  listDataSets,
  listMethods,
  openDataSet,
  type AssignOptions,
  type AssignOptionsInput,
  type AssignResult,
  type ClusterOptions,
  type ClusterOptionsInput,
  type ClusterResult,
  type DataSet,
  type DataSetOptions,
  type DataSetSummary,
  type DoctorReport,
  type GroupResult,
  type MethodSummary,
} from './pipeline/index.ts';
