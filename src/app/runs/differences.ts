/** In which settings two experiments differ, in the words of the form. */
import { STAGES, type Stage } from '../../experiment/run';
import type { ModelRef } from '../../experiment/model-ref';
import type { Experiment } from '../../experiment/schema';
import { firstStageReading } from '../../experiment/stage-inputs';
import { GROUPS, type Field } from '../settings/fields';
import { hostName } from '../ui/format';

export interface Difference {
  stage: Stage;
  label: string;
  /** What the first and the second say. */
  values: [string, string];
}

/** Parts of an experiment that the form does not show field by field, or shows elsewhere. */
const WHOLE: {
  path: string;
  label: string;
  write: (experiment: Experiment) => string;
  tell?: (a: Experiment, b: Experiment) => [string, string];
}[] = [
  { path: 'models.source', label: 'Small model', write: (e) => modelName(e.models.source) },
  { path: 'models.target', label: 'Large model', write: (e) => modelName(e.models.target) },
  { path: 'concept', label: 'Concept', write: conceptName, tell: conceptsApart },
];

function modelName({ id, dtype, location }: ModelRef): string {
  const from = !location
    ? ''
    : location.kind === 'hub'
      ? ` from ${hostName(location.host)}, ${location.commit.slice(0, 7)}`
      : ` from a folder, ${location.handle.slice(0, 7)}`;
  return `${id}, ${dtype}${from}`;
}

function conceptName({ concept }: Experiment): string {
  if (concept.kind === 'preset') return `preset “${concept.id}”`;
  return concept.kind === 'pairs'
    ? `“${concept.title}”, ${concept.pairs.length} pairs of your own`
    : `“${concept.title}”, a vector of block ${concept.block}`;
}

/** Typed concepts may bear one name and differ in their pairs or words: that is said. */
function conceptsApart(a: Experiment, b: Experiment): [string, string] {
  const names: [string, string] = [conceptName(a), conceptName(b)];
  if (names[0] === names[1] && a.concept.kind === 'vector') return [names[0], `${names[1]}, with other numbers`];
  if (names[0] !== names[1] || a.concept.kind !== 'pairs' || b.concept.kind !== 'pairs') return names;
  const key = (pair: { positive: string; negative: string }): string => JSON.stringify([pair.positive, pair.negative]);
  const first = new Set(a.concept.pairs.map(key));
  const both = b.concept.pairs.filter((pair) => first.has(key(pair))).length;
  return [
    names[0],
    `${names[1]}, ${both === b.concept.pairs.length ? 'the same pairs with other words or prompts' : `${both} of them in both`}`,
  ];
}

const FIELDS = new Map<string, Field>(
  GROUPS.flatMap(({ fields }) => fields.map((field) => [field.path, field] as const)),
);

function write(value: unknown, field?: Field): string {
  if (field?.kind === 'choice') return field.options.find((option) => option.value === value)?.label ?? String(value);
  if (value === 'auto') return 'automatic';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.join(', ');
  if (value === undefined) return 'not set';
  if (value === '') return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value).replace(/^-/, '−');
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Paths of the leaves in which two trees differ; a list is one leaf. */
function paths(a: unknown, b: unknown, at: string[] = []): string[] {
  const path = at.join('.');
  if (WHOLE.some((whole) => whole.path === path)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  if (isTree(a) && isTree(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => paths(a[key], b[key], [...at, key]));
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
}

const valueAt = (experiment: Experiment, path: string): unknown =>
  path.split('.').reduce<unknown>((node, key) => (isTree(node) ? node[key] : undefined), experiment);

/** Every setting in which two experiments differ, by stage. Empty where they ask for the same. */
export function settingDifferences(a: Experiment, b: Experiment): Difference[] {
  // From which stage on results differ by it; what changes none stands with the first.
  const stageOf = (path: string): Stage => firstStageReading(path, a) ?? firstStageReading(path, b) ?? STAGES[0];
  const found = paths(a, b).map((path): Difference => {
    const whole = WHOLE.find((each) => each.path === path);
    if (whole)
      return {
        stage: stageOf(path),
        label: whole.label,
        values: whole.tell?.(a, b) ?? [whole.write(a), whole.write(b)],
      };
    const known = FIELDS.get(path);
    return {
      stage: stageOf(path),
      label: known?.label ?? path,
      values: [write(valueAt(a, path), known), write(valueAt(b, path), known)],
    };
  });
  return found.sort((x, y) => STAGES.indexOf(x.stage) - STAGES.indexOf(y.stage));
}
