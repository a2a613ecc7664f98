/** The keys of the English catalogue, which every other language must have too. Types only: any room may import them. */
import type { en } from './en';

export type Catalogue = typeof en;
/** Key of a single text. */
export type MessageKey = keyof Catalogue['texts'];
/** Key of an error: its code, or its code and a variant, as in `pairs-one-sided.empty`. */
export type ErrorKey = keyof Catalogue['errors'];
