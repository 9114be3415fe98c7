export { storeError, writeFileAtomic } from './atomic-write.ts';
export { EmbeddingCache, identityKey, type ImageIdentity } from './embedding-cache.ts';
export { findRun } from './find-run.ts';
export {
  chooseLocations,
  isInside,
  recordStore,
  storeName,
  type LocationOptions,
  type Locations,
} from './locations.ts';
export {
  assignedKind,
  checkRunFolder,
  checkWritable,
  makeRunFolder,
  markFolder,
  modelFolder,
  resultFile,
  runFiles,
  runKind,
  testFile,
  writeRun,
  type FolderKind,
} from './run-folder.ts';
