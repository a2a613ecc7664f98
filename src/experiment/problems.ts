/** What is wrong with a document, from zod's issues: sentences of the catalogue (`i18n/en/problems.json`), one a field. */
import type { z } from 'zod';
import type { MessageKey } from '../i18n/keys';
import { message, type Message } from './message';

/** One problem of a document: the path of the field ('' for the document itself) and what is wrong with it. */
export interface FieldProblem {
  field: string;
  problem: Message;
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Most problems that an error lists. */
const MOST = 8;

/** The second argument of a zod `refine` whose problem has words of its own. @param path of the field within what is refined */
export function refusal(problem: MessageKey, path?: string[]): { params: { problem: MessageKey }; path?: string[] } {
  return { params: { problem }, ...(path ? { path } : {}) };
}

/**
 * Every problem of a document, in zod's order.
 * @param value the document that was read, which tells a missing field from a wrong one
 */
export function problemsOf(error: z.core.$ZodError, value: unknown): FieldProblem[] {
  return error.issues.flatMap((issue) => fromIssue(issue, issue.path, value));
}

/** Problems as messages that name their fields, for the place of an error; at most eight. */
export function problemList(problems: readonly FieldProblem[]): Message[] {
  return problems
    .slice(0, MOST)
    .map(({ field, problem }) =>
      field === '' ? message('problem.document', { problem }) : message('problem.field', { field, problem }),
    );
}

function fromIssue(issue: Issue, path: Path, value: unknown): FieldProblem[] {
  const at = (problem: Message, key?: string): FieldProblem => ({
    field: (key === undefined ? path : [...path, key]).map(String).join('.'),
    problem,
  });
  if (path.length > 0 && valueAt(value, path) === undefined) return [at(message('problem.missing'))];
  switch (issue.code) {
    case 'invalid_type':
      return [at(message('problem.type', { expected: issue.expected }))];
    case 'too_small':
      return [at(bound('least', issue.origin, Number(issue.minimum), issue.inclusive ?? true))];
    case 'too_big':
      return [at(bound('most', issue.origin, Number(issue.maximum), issue.inclusive ?? true))];
    case 'unrecognized_keys':
      return issue.keys.map((key) => at(message('problem.unknown'), key));
    case 'invalid_value':
      return [
        at(message('problem.value', { count: issue.values.length, values: issue.values.map(quoted).join(', ') })),
      ];
    case 'invalid_format':
      return [at(message('problem.format', { format: issue.format }))];
    case 'not_multiple_of':
      return [at(message('problem.multiple', { divisor: issue.divisor }))];
    case 'invalid_union':
      return fromUnion(issue.errors, path, value) ?? [at(message('problem.other'))];
    case 'custom':
      return [at(message((issue.params?.problem as MessageKey | undefined) ?? 'problem.other'))];
    default:
      return [at(message('problem.other'))];
  }
}

/** The problems of the branch that the value comes nearest to: the one that fails deepest, then with the fewest problems. */
function fromUnion(branches: readonly Issue[][], path: Path, value: unknown): FieldProblem[] | null {
  const depth = (issues: readonly Issue[]): number => Math.min(...issues.map((issue) => issue.path.length));
  const [nearest] = branches
    .filter((issues) => issues.length > 0)
    .toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
  return nearest?.flatMap((issue) => fromIssue(issue, [...path, ...issue.path], value)) ?? null;
}

function bound(side: 'least' | 'most', origin: string, limit: number, inclusive: boolean): Message {
  if (origin === 'string') return message(`problem.length-${side}`, { limit });
  if (origin === 'array' || origin === 'tuple' || origin === 'set') return message(`problem.items-${side}`, { limit });
  if (!inclusive) return message(side === 'least' ? 'problem.above' : 'problem.below', { limit });
  return message(`problem.number-${side}`, { limit });
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner === null || inner === undefined ? undefined : (inner as Record<PropertyKey, unknown>)[key]),
    value,
  );
}

const quoted = (value: unknown): string => (typeof value === 'string' ? `“${value}”` : String(value));
