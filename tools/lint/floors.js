/**
 * A rule of the lint: inside `src/app` imports go down. State knows nothing of the page, `ui/` holds what every room
 * uses, `figures/` the drawings, the rooms are the stages and sheets, and the shell puts them together.
 */

const BELOW = ['state', 'ui', 'figures'];

/** What each folder may import of the others. */
const MAY_IMPORT = {
  state: [],
  ui: ['state'],
  figures: ['state', 'ui'],
  activations: BELOW,
  evidence: [...BELOW, 'files'],
  files: BELOW,
  map: BELOW,
  models: BELOW,
  review: BELOW,
  runs: [...BELOW, 'settings'],
  settings: BELOW,
  share: BELOW,
  steer: BELOW,
};

const floors = {
  create(context) {
    const [, folder] = /\/src\/app\/([\w-]+)\/[^/]+$/.exec(context.filename.replaceAll('\\', '/')) ?? [];
    const allowed = MAY_IMPORT[folder];
    // The shell may import every room.
    if (!allowed) return {};
    function check(source) {
      const [, other] = /^\.\.\/([\w-]+)\/[^/]+$/.exec(source?.value ?? '') ?? [];
      if (other && !allowed.includes(other))
        context.report({
          node: source,
          message: `src/app/${folder} may import of the page's folders only: ${allowed.join(', ') || 'none'}.`,
        });
    }
    return {
      ImportDeclaration: ({ source }) => check(source),
      ImportExpression: ({ source }) => check(source),
      ExportNamedDeclaration: ({ source }) => check(source),
      ExportAllDeclaration: ({ source }) => check(source),
    };
  },
};

export default floors;
