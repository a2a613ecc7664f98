/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
import activations from './app-activations.json';
import evidence from './app-evidence.json';
import figures from './app-figures.json';
import files from './app-files.json';
import map from './app-map.json';
import models from './app-models.json';
import review from './app-review.json';
import runs from './app-runs.json';
import settings from './app-settings.json';
import share from './app-share.json';
import shell from './app-shell.json';
import state from './app-state.json';
import steer from './app-steer.json';
import ui from './app-ui.json';
import common from './common.json';
import errors from './errors.json';
import progress from './progress.json';

export const en = {
  errors,
  texts: {
    ...common,
    ...progress,
    ...ui,
    ...state,
    ...shell,
    ...settings,
    ...share,
    ...files,
    ...models,
    ...activations,
    ...map,
    ...steer,
    ...evidence,
    ...runs,
    ...review,
    ...figures,
  },
};
