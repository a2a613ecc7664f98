/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
import appActivations from './app-activations.json';
import appEvidence from './app-evidence.json';
import appFigures from './app-figures.json';
import appFiles from './app-files.json';
import appMap from './app-map.json';
import appModels from './app-models.json';
import appReview from './app-review.json';
import appRuns from './app-runs.json';
import appSettings from './app-settings.json';
import appShare from './app-share.json';
import appShell from './app-shell.json';
import appState from './app-state.json';
import appSteer from './app-steer.json';
import appUi from './app-ui.json';
import arms from './arms.json';
import common from './common.json';
import errors from './errors.json';
import errorsFiles from './errors-files.json';
import errorsGpu from './errors-gpu.json';
import errorsLab from './errors-lab.json';
import errorsModels from './errors-models.json';
import errorsOnnx from './errors-onnx.json';
import extract from './extract.json';
import gpu from './gpu.json';
import lab from './lab.json';
import models from './models.json';
import onnx from './onnx.json';
import pairs from './pairs.json';
import problems from './problems.json';
import progress from './progress.json';
import secondOpinion from './second-opinion.json';
import settingsEffect from './settings-effect.json';

export const en = {
  errors: {
    ...errors,
    ...errorsFiles,
    ...errorsGpu,
    ...errorsLab,
    ...errorsModels,
    ...errorsOnnx,
  },
  texts: {
    ...appActivations,
    ...appEvidence,
    ...appFigures,
    ...appFiles,
    ...appMap,
    ...appModels,
    ...appReview,
    ...appRuns,
    ...appSettings,
    ...appShare,
    ...appShell,
    ...appState,
    ...appSteer,
    ...appUi,
    ...arms,
    ...common,
    ...extract,
    ...gpu,
    ...lab,
    ...models,
    ...onnx,
    ...pairs,
    ...problems,
    ...progress,
    ...secondOpinion,
    ...settingsEffect,
  },
};
