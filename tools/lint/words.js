/**
 * A rule of the lint: what a person reads comes from the catalogue (`src/i18n`), so that it can be put into other
 * languages. Refused in a component are text between tags, a literal in an attribute that is read (`aria-label`,
 * `title` …), and any literal that is two words or more and no class name, style or path.
 */

/** Attributes whose value a person reads or hears. */
const READ = new Set(['aria-label', 'aria-roledescription', 'aria-valuetext', 'alt', 'label', 'placeholder', 'title']);

/** Properties of plain objects that hold words: options, facts, styles. */
const WORDED = new Set(['label', 'title', 'help', 'note', 'caption', 'lead', 'placeholder']);

/** Cases whose names are two words: data, shown by a key of their own. */
const CASES = new Set(['sequential', 'within tolerance', 'not run']);

/** Attributes whose value only the browser reads. */
const UNREAD = new Set(['className', 'style', 'd', 'viewBox', 'accept', 'data-testid', 'points', 'transform', 'key']);

const LETTER = /\p{L}/u;
/** Two words, the first of two letters or more: a class list has hyphens or no capital, a selector has brackets. */
const SENTENCE = /\p{L}{2,}[,.:;!?’”)]* \p{L}+/u;

/** A colour or a length in the language of style sheets. */
const STYLE = /^[a-z-]+\(/;

const MESSAGE = 'Words belong to the catalogue: words.text(key), with the text in src/i18n/en/.';

/** The nearest attribute or call around a node, within one component. */
function surroundings(node) {
  let attribute = null;
  const calls = [];
  for (let at = node.parent; at; at = at.parent) {
    if (at.type === 'JSXAttribute' && !attribute) attribute = at.name.name?.name ?? at.name.name;
    if (at.type === 'CallExpression' || at.type === 'NewExpression') calls.push(at);
    if (at.type === 'ImportDeclaration' || at.type === 'TSLiteralType') return { ignored: true, attribute, calls };
  }
  return { ignored: false, attribute, calls };
}

const nameOf = ({ callee }) => callee.property?.name ?? callee.name ?? '';

/** Calls whose texts are no words of the page: errors have a check of their own, queries and marks are code. */
const CODE_CALLS =
  /^(LabError|Error|RangeError|querySelector|querySelectorAll|matchMedia|getPropertyValue|mark|fetch|fail)$/;

const noLiteralWords = {
  create(context) {
    function check(node, text) {
      const { ignored, attribute, calls } = surroundings(node);
      if (ignored || (attribute && UNREAD.has(attribute))) return;
      if (calls.some((call) => CODE_CALLS.test(nameOf(call)))) return;
      const { parent } = node;
      if (
        STYLE.test(text) ||
        CASES.has(text) ||
        (parent?.type === 'Property' && (parent.key === node || parent.key.name === 'family'))
      )
        return;
      const read =
        parent?.type === 'JSXAttribute'
          ? READ.has(attribute)
          : parent?.type === 'Property' && WORDED.has(parent.key.name);
      if (read ? LETTER.test(text) : SENTENCE.test(text)) context.report({ node, message: MESSAGE });
    }
    return {
      JSXText(node) {
        if (LETTER.test(node.value)) context.report({ node, message: MESSAGE });
      },
      Literal(node) {
        if (typeof node.value === 'string') check(node, node.value);
      },
      TemplateElement(node) {
        check(node, node.value.cooked ?? '');
      },
    };
  },
};

export default noLiteralWords;
