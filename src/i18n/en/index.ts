/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
import claims from './claims.json';
import common from './common.json';
import errors from './errors.json';
import metrics from './metrics.json';
import run from './run.json';

export const en = { errors, texts: { ...claims, ...common, ...metrics, ...run } };
