/** In which settings two experiments differ, in the words of the form. */
import { STAGES, type Stage } from '../../experiment/run';
import type { ModelRef } from '../../experiment/model-ref';
import type { Experiment } from '../../experiment/schema';
import { firstStageReading } from '../../experiment/stage-inputs';
import { GROUPS, labelKeyOf, type Field } from '../settings/fields';
import { hostName } from '../ui/format';
import type { Words } from '../../i18n/text';
import type { MessageKey } from '../../i18n/keys';

export interface Difference {
  stage: Stage;
  label: string;
  /** What the first and the second say. */
  values: [string, string];
}

/** Parts of an experiment that the form does not show field by field, or shows elsewhere. */
const WHOLE: {
  path: string;
  labelKey: MessageKey;
  write: (words: Words, experiment: Experiment) => string;
  tell?: (words: Words, a: Experiment, b: Experiment) => [string, string];
}[] = [
  {
    path: 'models.source',
    labelKey: 'settings.models.source.id.label',
    write: (words, e) => modelName(words, e.models.source),
  },
  {
    path: 'models.target',
    labelKey: 'settings.models.target.id.label',
    write: (words, e) => modelName(words, e.models.target),
  },
  { path: 'concept', labelKey: 'runs.setting.concept', write: conceptName, tell: conceptsApart },
];

function modelName(words: Words, { id, dtype, location }: ModelRef): string {
  if (!location) return words.text('runs.setting.model', { id, dtype });
  return location.kind === 'hub'
    ? words.text('runs.setting.model-hub', {
        id,
        dtype,
        host: hostName(location.host),
        commit: location.commit.slice(0, 7),
      })
    : words.text('runs.setting.model-folder', { id, dtype, handle: location.handle.slice(0, 7) });
}

function conceptName(words: Words, { concept }: Experiment): string {
  if (concept.kind === 'preset') return words.text('runs.setting.preset', { id: concept.id });
  return concept.kind === 'pairs'
    ? words.text('runs.setting.pairs', { title: concept.title, count: concept.pairs.length })
    : words.text('runs.setting.vector', { title: concept.title, block: concept.block });
}

/** Typed concepts may bear one name and differ in their pairs or words: that is said. */
function conceptsApart(words: Words, a: Experiment, b: Experiment): [string, string] {
  const names: [string, string] = [conceptName(words, a), conceptName(words, b)];
  if (names[0] === names[1] && a.concept.kind === 'vector')
    return [names[0], words.text('runs.setting.other-numbers', { concept: names[1] })];
  if (names[0] !== names[1] || a.concept.kind !== 'pairs' || b.concept.kind !== 'pairs') return names;
  const key = (pair: { positive: string; negative: string }): string => JSON.stringify([pair.positive, pair.negative]);
  const first = new Set(a.concept.pairs.map(key));
  const both = b.concept.pairs.filter((pair) => first.has(key(pair))).length;
  return [
    names[0],
    both === b.concept.pairs.length
      ? words.text('runs.setting.same-pairs', { concept: names[1] })
      : words.text('runs.setting.some-pairs', { concept: names[1], count: both }),
  ];
}

const FIELDS = new Map<string, Field>(
  GROUPS.flatMap(({ fields }) => fields.map((field) => [field.path, field] as const)),
);

function write(words: Words, value: unknown, field?: Field): string {
  if (field?.kind === 'choice') {
    const option = field.options.find((each) => each.value === value);
    return option ? words.text(option.labelKey) : String(value);
  }
  if (value === 'auto') return words.text('ui.automatic');
  if (typeof value === 'boolean') return words.text(value ? 'runs.setting.yes' : 'runs.setting.no');
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return value.join(', ');
  if (value === undefined) return words.text('runs.setting.not-set');
  if (value === '') return words.text('runs.setting.none');
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
export function settingDifferences(words: Words, a: Experiment, b: Experiment): Difference[] {
  // From which stage on results differ by it; what changes none stands with the first.
  const stageOf = (path: string): Stage => firstStageReading(path, a) ?? firstStageReading(path, b) ?? STAGES[0];
  const found = paths(a, b).map((path): Difference => {
    const whole = WHOLE.find((each) => each.path === path);
    if (whole)
      return {
        stage: stageOf(path),
        label: words.text(whole.labelKey),
        values: whole.tell?.(words, a, b) ?? [whole.write(words, a), whole.write(words, b)],
      };
    const known = FIELDS.get(path);
    return {
      stage: stageOf(path),
      label: known ? words.text(labelKeyOf(known)) : path,
      values: [write(words, valueAt(a, path), known), write(words, valueAt(b, path), known)],
    };
  });
  return found.sort((x, y) => STAGES.indexOf(x.stage) - STAGES.indexOf(y.stage));
}
