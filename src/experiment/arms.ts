/**
 * The arms of a run: each is one model, left alone or steered in one way, and every curve, stream and bar belongs to one.
 * This list is the only place that names them. Records, figures, claims and reports are derived from it; the words are in
 * `i18n/en/arms.json`, and the directions of a dosed arm are made in `lab/arms/<id>.ts`.
 */

/**
 * What an arm is for. `unsteered`: a model left alone; `origin`: the source, steered with the vector found in it;
 * `tested`: the target with that vector carried across; `reference`: the target with a vector found in the target itself;
 * `isotropic`: random directions; `control`: any further arm that must not steer as the tested one does.
 */
export type ArmRole = 'unsteered' | 'origin' | 'tested' | 'reference' | 'isotropic' | 'control';

interface ArmSpec {
  id: string;
  role: ArmRole;
  /** Which of the two models writes. */
  model: 'source' | 'target';
  /** The arm without a dose that it is compared with; null for the arms that have no dose. */
  base: string | null;
  /** Whether it is there to show what happens without the thing under test. */
  control: boolean;
  /** The setting that says how many directions are drawn; null for an arm of one direction. */
  draws: 'randomVectors' | 'controlDraws' | null;
  /** Under which name files and links carry its direction; null for an arm whose directions they do not carry. */
  vector: 'source' | 'mapped' | 'native' | null;
  /** Whether its directions follow from the settings alone, so that a link's reader can make them again without a fit. */
  seeded: boolean;
  /**
   * Continuations as multiples of the settings' numbers: of the half that chooses the dose and of the half that reports.
   * More where a difference of a few points decides, fewer where a coarse curve is enough.
   */
  continuations: { choose: number; report: number };
  /**
   * Whether it is measured at every dose and shown as a curve, or at the reported dose alone, draw by draw, to be compared
   * with the arm under test.
   */
  at: 'every-dose' | 'reported-dose';
  /** Plotly's name of its mark; ArmMark draws the same. */
  symbol:
    | 'circle-open'
    | 'square-open'
    | 'circle'
    | 'diamond'
    | 'square'
    | 'x-thin'
    | 'cross-thin'
    | 'triangle-up'
    | 'triangle-down'
    | 'triangle-left'
    | 'triangle-right';
  /** Colour on the light and on the dark page. */
  color: { light: string; dark: string };
}

/** The unsteered arms of both models: one grey, told apart by their marks. */
const BASE_COLOR = { light: '#757b7e', dark: '#9aa2a6' } as const;

/** All arms, in the order in which they are shown. */
export const ARM_SPECS = [
  {
    id: 'small',
    role: 'unsteered',
    model: 'source',
    base: null,
    control: true,
    draws: null,
    vector: null,
    seeded: false,
    continuations: { choose: 0, report: 2 },
    at: 'every-dose',
    symbol: 'circle-open',
    color: BASE_COLOR,
  },
  {
    id: 'small-steered',
    role: 'origin',
    model: 'source',
    base: 'small',
    control: false,
    draws: null,
    vector: 'source',
    seeded: false,
    continuations: { choose: 1, report: 1 },
    at: 'every-dose',
    symbol: 'circle',
    color: { light: '#009e73', dark: '#2fbd91' },
  },
  {
    id: 'large',
    role: 'unsteered',
    model: 'target',
    base: null,
    control: true,
    draws: null,
    vector: null,
    seeded: false,
    continuations: { choose: 0, report: 2 },
    at: 'every-dose',
    symbol: 'square-open',
    color: BASE_COLOR,
  },
  {
    id: 'mapped',
    role: 'tested',
    model: 'target',
    base: 'large',
    control: false,
    draws: null,
    vector: 'mapped',
    seeded: false,
    continuations: { choose: 3, report: 1 },
    at: 'every-dose',
    symbol: 'diamond',
    color: { light: '#e69f00', dark: '#f0ad1e' },
  },
  {
    id: 'native',
    role: 'reference',
    model: 'target',
    base: 'large',
    control: false,
    draws: null,
    vector: 'native',
    seeded: false,
    continuations: { choose: 1, report: 1 },
    at: 'every-dose',
    symbol: 'square',
    color: { light: '#0072b2', dark: '#56b4e9' },
  },
  {
    id: 'random',
    role: 'isotropic',
    model: 'target',
    base: 'large',
    control: true,
    draws: 'randomVectors',
    vector: null,
    seeded: true,
    continuations: { choose: 1, report: 2 },
    at: 'every-dose',
    symbol: 'x-thin',
    color: { light: '#b4babc', dark: '#626c72' },
  },
  {
    id: 'shuffled',
    role: 'control',
    model: 'target',
    base: 'large',
    control: true,
    draws: 'controlDraws',
    vector: null,
    seeded: false,
    continuations: { choose: 0.5, report: 1 },
    at: 'every-dose',
    symbol: 'cross-thin',
    color: { light: '#b06f9a', dark: '#9c5f88' },
  },
  {
    id: 'token-means',
    role: 'control',
    model: 'target',
    base: 'large',
    control: true,
    draws: null,
    vector: null,
    seeded: false,
    continuations: { choose: 0, report: 1 },
    at: 'reported-dose',
    symbol: 'triangle-up',
    color: { light: '#8a6d3b', dark: '#b8965a' },
  },
  {
    id: 'within-token-shuffled',
    role: 'control',
    model: 'target',
    base: 'large',
    control: true,
    draws: 'controlDraws',
    vector: null,
    seeded: false,
    continuations: { choose: 0, report: 1 },
    at: 'reported-dose',
    symbol: 'triangle-down',
    color: { light: '#a0527f', dark: '#c07ba3' },
  },
  {
    id: 'random-source',
    role: 'control',
    model: 'target',
    base: 'large',
    control: true,
    draws: 'controlDraws',
    vector: null,
    seeded: false,
    continuations: { choose: 0, report: 1 },
    at: 'reported-dose',
    symbol: 'triangle-left',
    color: { light: '#5b7a99', dark: '#86a5c4' },
  },
  {
    id: 'random-direction',
    role: 'control',
    model: 'target',
    base: 'large',
    control: true,
    draws: 'controlDraws',
    vector: null,
    seeded: false,
    continuations: { choose: 0, report: 1 },
    at: 'reported-dose',
    symbol: 'triangle-right',
    color: { light: '#7a8a5b', dark: '#a3b482' },
  },
] as const satisfies readonly ArmSpec[];

type Spec = (typeof ARM_SPECS)[number];
/** An arm that is measured at the reported dose alone, to be compared with the arm under test. */
export type ComparedArm = Extract<Spec, { at: 'reported-dose' }>['id'];
/** An arm with results, curves or streams of its own in the run. */
export type Arm = Exclude<Spec['id'], ComparedArm>;
/** An arm that has a dose. */
export type DosedArm = Exclude<Extract<Spec, { base: string }>['id'], ComparedArm>;
/** The one arm, or the arms, of a role. */
export type ArmOfRole<R extends ArmRole> = Extract<Spec, { role: R }>['id'];
/** A specification as the rest of the lab reads it. */
export interface KnownArm extends ArmSpec {
  id: Arm | ComparedArm;
  base: Arm | null;
}

const KNOWN: readonly KnownArm[] = ARM_SPECS;
const BY_ID = new Map(KNOWN.map((spec) => [spec.id, spec]));

export const ARMS: readonly Arm[] = KNOWN.flatMap(({ id, at }) => (at === 'every-dose' ? [id as Arm] : []));
export const COMPARED_ARMS: readonly ComparedArm[] = KNOWN.flatMap(({ id, at }) =>
  at === 'reported-dose' ? [id as ComparedArm] : [],
);
export const DOSED_ARMS: readonly DosedArm[] = ARMS.filter((id): id is DosedArm => armSpec(id).base !== null);
/** The arms without a dose first: what the others are compared with. */
export const REPORT_ORDER: readonly Arm[] = [...ARMS.filter((id) => armSpec(id).base === null), ...DOSED_ARMS];

export function armSpec(id: Arm | ComparedArm): KnownArm {
  return BY_ID.get(id)!;
}

export const isDosed = (id: Arm): id is DosedArm => armSpec(id).base !== null;

/** The arm of a role that only one has. */
export function armOf<R extends 'origin' | 'tested' | 'reference' | 'isotropic'>(role: R): ArmOfRole<R> {
  return KNOWN.find((spec) => spec.role === role)!.id as ArmOfRole<R>;
}

export const ORIGIN = armOf('origin');
export const TESTED = armOf('tested');
export const REFERENCE = armOf('reference');
export const ISOTROPIC = armOf('isotropic');

/** The arm of a model that is left alone. */
export function unsteeredArm(model: ArmSpec['model']): Arm {
  return KNOWN.find((spec) => spec.model === model && spec.role === 'unsteered')!.id as Arm;
}

/** Arms whose rows a link can have replayed on another device: it carries their directions, or they follow from the seed. */
export function isReplayable(id: Arm): boolean {
  const { base, vector, seeded } = armSpec(id);
  return base === null || vector !== null || seeded;
}

/** Which dosed arms are drawn over which: controls at the back, the arm under test in front. */
const DEPTH: Record<ArmRole, number> = {
  isotropic: 0,
  control: 1,
  unsteered: 2,
  origin: 3,
  reference: 4,
  tested: 5,
};
export const DRAWING_ORDER: readonly DosedArm[] = DOSED_ARMS.toSorted(
  (a, b) => DEPTH[armSpec(a).role] - DEPTH[armSpec(b).role],
);

/** The arms of every run there is; controls were added to the lab one by one. */
export type CoreArm = Exclude<Arm, ArmOfRole<'control'>>;
/**
 * One value for each arm. A run of an older version lacks the controls that came later: they are absent from its records,
 * and shown as absent.
 */
export type PerArm<A extends Arm, V> = Record<Extract<A, CoreArm>, V> & Partial<Record<A, V>>;

export const isCore = (id: Arm): id is CoreArm => armSpec(id).role !== 'control';
