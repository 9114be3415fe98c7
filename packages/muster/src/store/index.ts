export { storeError, writeFileAtomic } from './atomic-write.ts';
export { EmbeddingCache, identityKey, type ImageIdentity } from './embedding-cache.ts';
export { chooseLocations, storeName, type LocationOptions, type Locations } from './locations.ts';
export { checkRunFolder, checkWritable, makeRunFolder, markFolder, resultFile, runFiles, writeRun } from './run-folder.ts';
