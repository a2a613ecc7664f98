/** Models as files: where they come from, how they are fetched and kept, their tokenizers, and whether two of them belong together. */
export { alignByCharacters, type Alignment } from './align';
export {
  fetchCatalog,
  parseCatalog,
  resolveModel,
  FAMILY_PATH,
  type Catalog,
  type CatalogEntry,
  type ResolvedModel,
} from './catalog';
export { applyChatTemplate, type ChatMessage, type ChatTemplateOptions } from './chat';
export {
  executeDownload,
  locationOf,
  planDownload,
  type DownloadOptions,
  type DownloadPlan,
  type PlannedFile,
} from './downloads';
export {
  estimateModelBytes,
  FAMILIES_PATH,
  parseFamilies,
  type CuratedFamilies,
  type CuratedFamily,
  type CuratedModel,
} from './families';
export { checkHomology, HOMOLOGY_PROBE, SAMPLE_THRESHOLDS, withSample, type HomologyParty } from './homology';
export { checkSupported, HUB, resolveRepository, type Repository, type RepositoryRequest } from './hub';
export {
  dtypeSupport,
  graphPath,
  variantsOf,
  type Dtype,
  type DtypeFeatures,
  type RepositoryFile,
  type Variant,
} from './layout';
export { openLocalFiles, registerLocalFolder, type LocalFolder } from './local';
export {
  locationOfRef,
  modelLocationSchema,
  type HubLocation,
  type LocalLocation,
  type ModelLocation,
} from './location';
export { planMemory, type MemoryLimits, type MemoryPlan, type PlannedModel, type PlannedWork } from './memory-plan';
export { inspectModel, openModel, type InspectedModel, type OpenModelOptions } from './open';
export { filesOfDirectory, filesOfDrop, filesOfList, type LocalFile } from './picked';
export { ModelStore, requestPersistence, type StoredModel } from './storage';
export { isLocked, named, openSync, storageRoom, writesWhole, type StorageRoom } from './sync-file';
export { createTokenizer } from './tokenizer';
export { transformersVersion } from './transformers';
