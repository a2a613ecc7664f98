/**
 * English. `errors` has two texts an entry (what happened, what to do); `texts` one. All are ICU messages
 * (`{name}`, `{n, number}`, `{n, plural, one {# pair} other {# pairs}}`; an apostrophe stands for itself as ’).
 */
import common from './common.json';
import errors from './errors.json';
import errorsFiles from './errors-files.json';
import errorsGpu from './errors-gpu.json';
import errorsOnnx from './errors-onnx.json';
import gpu from './gpu.json';
import onnx from './onnx.json';
import pairs from './pairs.json';
import problems from './problems.json';

export const en = {
  errors: { ...errors, ...errorsFiles, ...errorsGpu, ...errorsOnnx },
  texts: { ...common, ...gpu, ...onnx, ...pairs, ...problems },
};
