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
import claims from './claims.json';
import common from './common.json';
import errors from './errors.json';
import errorsApp from './errors-app.json';
import errorsFiles from './errors-files.json';
import errorsGpu from './errors-gpu.json';
import errorsLab from './errors-lab.json';
import errorsModels from './errors-models.json';
import errorsOnnx from './errors-onnx.json';
import errorsRuns from './errors-runs.json';
import errorsRuntime from './errors-runtime.json';
import errorsTools from './errors-tools.json';
import extract from './extract.json';
import gpu from './gpu.json';
import lab from './lab.json';
import metrics from './metrics.json';
import models from './models.json';
import onnx from './onnx.json';
import operations from './operations.json';
import pairs from './pairs.json';
import problems from './problems.json';
import progress from './progress.json';
import run from './run.json';
import runtime from './runtime.json';
import secondOpinion from './second-opinion.json';
import settingsEffect from './settings-effect.json';
import verify from './verify.json';

export const en = {
  errors: {
    ...errors,
    ...errorsApp,
    ...errorsFiles,
    ...errorsGpu,
    ...errorsLab,
    ...errorsModels,
    ...errorsOnnx,
    ...errorsRuns,
    ...errorsRuntime,
    ...errorsTools,
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
    ...claims,
    ...common,
    ...extract,
    ...gpu,
    ...lab,
    ...metrics,
    ...models,
    ...onnx,
    ...operations,
    ...pairs,
    ...problems,
    ...progress,
    ...run,
    ...runtime,
    ...secondOpinion,
    ...settingsEffect,
    ...verify,
  },
};
