/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
import appActivations from './app-activations.json' with { type: 'json' };
import appEvidence from './app-evidence.json' with { type: 'json' };
import appFigures from './app-figures.json' with { type: 'json' };
import appFiles from './app-files.json' with { type: 'json' };
import appMap from './app-map.json' with { type: 'json' };
import appModels from './app-models.json' with { type: 'json' };
import appReview from './app-review.json' with { type: 'json' };
import appRuns from './app-runs.json' with { type: 'json' };
import appSettings from './app-settings.json' with { type: 'json' };
import appShare from './app-share.json' with { type: 'json' };
import appShell from './app-shell.json' with { type: 'json' };
import appState from './app-state.json' with { type: 'json' };
import appSteer from './app-steer.json' with { type: 'json' };
import appUi from './app-ui.json' with { type: 'json' };
import arms from './arms.json' with { type: 'json' };
import claims from './claims.json' with { type: 'json' };
import common from './common.json' with { type: 'json' };
import errors from './errors.json' with { type: 'json' };
import errorsApp from './errors-app.json' with { type: 'json' };
import errorsFiles from './errors-files.json' with { type: 'json' };
import errorsGpu from './errors-gpu.json' with { type: 'json' };
import errorsLab from './errors-lab.json' with { type: 'json' };
import errorsModels from './errors-models.json' with { type: 'json' };
import errorsOnnx from './errors-onnx.json' with { type: 'json' };
import errorsRuns from './errors-runs.json' with { type: 'json' };
import errorsRuntime from './errors-runtime.json' with { type: 'json' };
import errorsTools from './errors-tools.json' with { type: 'json' };
import extract from './extract.json' with { type: 'json' };
import gpu from './gpu.json' with { type: 'json' };
import lab from './lab.json' with { type: 'json' };
import metrics from './metrics.json' with { type: 'json' };
import models from './models.json' with { type: 'json' };
import onnx from './onnx.json' with { type: 'json' };
import operations from './operations.json' with { type: 'json' };
import pairs from './pairs.json' with { type: 'json' };
import problems from './problems.json' with { type: 'json' };
import progress from './progress.json' with { type: 'json' };
import run from './run.json' with { type: 'json' };
import runtime from './runtime.json' with { type: 'json' };
import secondOpinion from './second-opinion.json' with { type: 'json' };
import settingsEffect from './settings-effect.json' with { type: 'json' };
import verify from './verify.json' with { type: 'json' };

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
