/** The operations on the stream as other programs are told of them: in words, and as Python for transformers. */
import type { Experiment, Operation } from '../experiment/schema';
import { wordsOf } from '../i18n/text';

type Transfer = Experiment['transfer'];

/** What is done, and where, as an instruction: “add alpha times the unit direction to the output of the block, at every position”. */
export function describeOperation({ operation, capPercentile, scope, scopeTokens }: Transfer): string {
  const { text } = wordsOf('en');
  const what = text(`operations.does.${operation}`, { percentile: capPercentile });
  return `${what}, ${text(`operations.scope.${scope}`, { tokens: scopeTokens })}`;
}

/** Python's view of an operation. */
interface PythonOperation {
  /** What STEERINGS gives beside model, block and alpha. */
  numbers: readonly ('r' | 'mean' | 'high' | 'low')[];
  /** Body of `change(name, factor)`, with `entry`, the unit direction `v` and `factor` at hand: returns h → the changed h. */
  body: string;
}

const ADDED = `    # In float32, as the lab adds it.
    added = (v.double() * entry["alpha"]).float() * factor
`;

export const PYTHON_OPERATIONS = {
  add: { numbers: [], body: `${ADDED}    return lambda h: h + added.to(h)` },
  'add-keep-norm': {
    numbers: [],
    body: `${ADDED}
    def turned(h):
        moved = h + added.to(h)
        return moved * (h.norm(dim=-1, keepdim=True) / moved.norm(dim=-1, keepdim=True))

    return turned`,
  },
  clamp: {
    numbers: ['mean'],
    body: `    value = entry["mean"] + factor * entry["alpha"]
    return lambda h: h + (value - along(h, v)) * v.to(h)`,
  },
  cap: {
    numbers: ['r', 'high', 'low'],
    body: `    # Upward what falls short is lifted, which is a cap along -v; downward what exceeds is cut.
    share, sign, value = abs(factor * entry["r"]), *((-1, entry["low"]) if factor > 0 else (1, entry["high"]))
    return lambda h: h + share * torch.clamp(value - sign * along(h, v), max=0) * sign * v.to(h)`,
  },
  ablate: { numbers: ['r'], body: `    return lambda h: h - factor * entry["r"] * along(h, v) * v.to(h)` },
} satisfies Record<Operation, PythonOperation> as Readonly<Record<Operation, PythonOperation>>;

/** Python expression of the first position that is steered among those that a forward pass reads: h [rows, positions, width]. */
export function pythonStart({ scope, scopeTokens }: Transfer): string {
  if (scope === 'all') return '0';
  return scope === 'generated' ? 'h.shape[1] if prompt else 0' : `max(0, h.shape[1] - ${scopeTokens}) if prompt else 0`;
}
