/**
 * A rule of the lint: an error holds a key and parameters, and its words are in the catalogue (`src/i18n/en/errors*.json`).
 * Refused is a sentence, two words or more, anywhere in the parameters of a LabError: they are numbers, names and paths.
 */

/** Two words, the first of two letters or more, with no comma between them: a list of names is no sentence. */
const SENTENCE = /\p{L}{2,}[.:;!?’”)]* \p{L}+/u;

const MESSAGE =
  'The words of an error belong to the catalogue: new LabError(key, params), with the texts in src/i18n/en/errors*.json.';

/** Literals within an argument, those in further calls aside: a nested message has parameters of its own. */
function* literals(node) {
  if (node.type === 'Literal' && typeof node.value === 'string') yield [node, node.value];
  if (node.type === 'TemplateElement') yield [node, node.value.cooked ?? ''];
  for (const [name, child] of Object.entries(node)) {
    if (name === 'parent') continue;
    for (const part of Array.isArray(child) ? child : [child])
      if (part && typeof part.type === 'string') yield* literals(part);
  }
}

const noLiteralError = {
  create(context) {
    return {
      NewExpression(node) {
        if (node.callee.name !== 'LabError') return;
        for (const argument of node.arguments.slice(0, 2))
          for (const [literal, text] of literals(argument))
            if (SENTENCE.test(text)) context.report({ node: literal, message: MESSAGE });
      },
    };
  },
};

export default noLiteralError;
