/** Test helper: every leaf of the schema of an experiment, with another value for it that the schema takes. */
import { z } from 'zod';
import { experimentSchema, type Experiment } from './schema';

export interface Leaf {
  /** With dots; members of a list by their index, 0. */
  path: string;
  /** Another value of the leaf. @throws Error for a kind of schema that this helper does not know */
  other: (value: unknown) => unknown;
}

type Def = { type: string } & Record<string, unknown>;
const defOf = (schema: z.ZodType): Def => (schema as unknown as { _zod: { def: Def } })._zod.def;

/** All leaves, those of every branch of a union among them, each path once. A list of plain values is one leaf. */
export function experimentLeaves(): Leaf[] {
  const leaves = new Map<string, Leaf>();
  for (const leaf of walk(experimentSchema, '')) if (!leaves.has(leaf.path)) leaves.set(leaf.path, leaf);
  return [...leaves.values()];
}

function* walk(schema: z.ZodType, path: string): Generator<Leaf> {
  const def = defOf(schema);
  switch (def.type) {
    case 'object':
      for (const [key, part] of Object.entries(def.shape as Record<string, z.ZodType>))
        yield* walk(part, path === '' ? key : `${path}.${key}`);
      return;
    case 'optional':
      yield* walk(def.innerType as z.ZodType, path);
      return;
    case 'union': {
      const options = def.options as z.ZodType[];
      const objects = options.filter((option) => defOf(option).type === 'object');
      for (const option of objects) yield* walk(option, path);
      if (objects.length < options.length) yield { path, other: (value) => another(schema, value) };
      return;
    }
    case 'array': {
      const element = def.element as z.ZodType;
      if (defOf(element).type === 'object') yield* walk(element, `${path}.0`);
      else yield { path, other: (value) => another(schema, value) };
      return;
    }
    default:
      yield { path, other: (value) => another(schema, value) };
  }
}

/** The first of some likely values that the schema takes and that is not this one; a literal has none. */
function another(schema: z.ZodType, value: unknown): unknown {
  const def = defOf(schema);
  const entries = def.type === 'enum' ? Object.values(def.entries as Record<string, string>) : [];
  const candidates: unknown[] =
    typeof value === 'number'
      ? [value + 1, value - 1, value / 2, value + 1000, (value + 1) / 2]
      : typeof value === 'boolean'
        ? [!value]
        : Array.isArray(value)
          ? [value.map((each) => (typeof each === 'number' ? 2 * each : `${String(each)}x`))]
          : [...entries, `${String(value)}x`, 1];
  const found = candidates.find((each) => each !== value && schema.safeParse(each).success);
  if (found === undefined && def.type !== 'literal') throw new Error(`No other value of ${def.type} is known.`);
  return found;
}

/** A copy of an experiment with the value at a path replaced. */
export function withLeaf(experiment: Experiment, path: string, value: unknown): Experiment {
  const put = (node: unknown, [key, ...rest]: string[]): unknown => {
    const next = rest.length === 0 ? value : put((node as Record<string, unknown>)[key], rest);
    return Array.isArray(node)
      ? node.map((each, i) => (i === Number(key) ? next : each))
      : { ...(node as object), [key]: next };
  };
  return put(experiment, path.split('.')) as Experiment;
}

/** The value at a path; undefined where this experiment does not have it. */
export function leafOf(experiment: Experiment, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (node, key) => (node !== null && typeof node === 'object' ? (node as Record<string, unknown>)[key] : undefined),
      experiment,
    );
}
