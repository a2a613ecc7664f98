/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
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
import gpu from './gpu.json';
import lab from './lab.json';
import models from './models.json';
import onnx from './onnx.json';
import pairs from './pairs.json';
import problems from './problems.json';
import runtime from './runtime.json';

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
  texts: { ...common, ...gpu, ...lab, ...models, ...onnx, ...pairs, ...problems, ...runtime },
};
