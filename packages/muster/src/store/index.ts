export { storeError, writeFileAtomic } from './atomic-write.ts';
export { EmbeddingCache, identityKey, type ImageIdentity } from './embedding-cache.ts';
export { chooseLocations, storeName, type LocationOptions, type Locations } from './locations.ts';
export { findRun, type RunSearch } from './find-run.ts';
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
  writeRun,
  type FolderKind,
} from './run-folder.ts';
