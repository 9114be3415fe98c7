export { storeError, writeFileAtomic } from './atomic-write.ts';
export { EmbeddingCache, identityKey, type ImageIdentity } from './embedding-cache.ts';
export { PixelWriter, readPixelCache, type CachedPixels, type PixelSize } from './pixel-cache.ts';
export { findRun, locateRun } from './find-run.ts';
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
  checkpointFolder,
  checkRunFolder,
  checkWritable,
  evaluationFolder,
  eventsFile,
  listRuns,
  lockFile,
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
