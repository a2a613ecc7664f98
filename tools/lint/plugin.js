/** The project's own rules of the lint. */
import floors from './floors.js';
import noLiteralError from './errors.js';
import noLiteralWords from './words.js';

export default {
  meta: { name: 'lrt' },
  rules: { floors, 'no-literal-words': noLiteralWords, 'no-literal-error': noLiteralError },
};
