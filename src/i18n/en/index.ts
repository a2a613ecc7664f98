/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
import common from './common.json';
import errors from './errors.json';
import operations from './operations.json';

export const en = { errors, texts: { ...common, ...operations } };
