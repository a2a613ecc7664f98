/** Models as files: the family's catalogue, folders, tokenizers, and whether two models belong together. */
export { fetchCatalog, parseCatalog, resolveModel, FAMILY_PATH, type Catalog, type CatalogEntry, type ResolvedModel } from './catalog';
export { checkHomology, HOMOLOGY_PROBE, type HomologyParty } from './homology';
export { graphPath } from './layout';
export { openModel } from './open';
export { createTokenizer } from './tokenizer';
