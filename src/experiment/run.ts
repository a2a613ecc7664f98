/** A Run is what came out of an Experiment: plain JSON, written by the lab, shown by the app. */
import type { Experiment, MapKind, ReadPosition } from './schema';

export const RUN_SCHEMA = 3;

export type Backend = 'webgpu' | 'wasm';
/** How the two models share the memory: both in it at once, or each in its turn. Changes no figure of a run. */
export type Residence = 'together' | 'in turn';
export const STAGES = ['models', 'activations', 'map', 'steer', 'evidence'] as const;
export type Stage = (typeof STAGES)[number];

/** Every curve, stream and bar belongs to one arm. */
export const ARMS = ['small', 'small-steered', 'large', 'mapped', 'native', 'random'] as const;
export type Arm = (typeof ARMS)[number];
/** The arms that have a dose. */
export const DOSED_ARMS = ['small-steered', 'mapped', 'native', 'random'] as const;
export type DosedArm = (typeof DOSED_ARMS)[number];

export interface DeviceReport {
  backend: Backend;
  /** Why this backend: chosen by the lab, or asked for. */
  chosenBy: 'auto' | 'user';
  reason: string;
  adapter: string;
  softwareAdapter: boolean;
  userAgent: string;
  versions: Record<string, string>;
  /** Tiles of the matrix products on this device (narrow and wide), and how they were chosen; null on WASM. */
  tuning: {
    source: 'measured' | 'stored' | 'default';
    atb: { narrow: string; wide: string };
    ab: { narrow: string; wide: string };
    workgroups: number;
    problem: string | null;
  } | null;
  /** The backend's products and fit against float64, run when the engine started. */
  selfTest: {
    passed: boolean;
    milliseconds: number;
    cases: { kernel: string; name: string; maxRelativeError: number; tolerance: number; passed: boolean }[];
  };
}

export interface ModelReport {
  id: string;
  title: string;
  /** `model_type` of its config.json: "llama", "qwen2" … What other programs know its architecture by. */
  modelType: string;
  dtype: string;
  layers: number;
  hiddenSize: number;
  vocabSize: number;
  /** Null where nothing states it, as of models that are not bundled. */
  params: number | null;
  nonEmbeddingParams: number | null;
  validationLoss: number | null;
  license: string | null;
  bytes: number;
  /** Whether the repository has a chat template. */
  chatTemplate: boolean;
  /** Style of the exported graph, as the structural finder read it. */
  style: 'fused' | 'plain';
  /** Short drawing of the residual spine. */
  spine: string;
  digests: { path: string; sha256: string }[];
}

export interface HomologyReport {
  verdict: 'homologous' | 'related' | 'not-homologous';
  /** Whether the same text gives the same ids in both: only then can positions be paired one to one. */
  sameIds: boolean;
  checks: { name: string; passed: boolean; detail: string }[];
  /** How alike the states are on a small sample; null where none could be taken, and then why. */
  sample: HomologySample | null;
  unsampled: string | null;
}

/** A small sample of paired states, compared before the collection. */
export interface HomologySample {
  texts: number;
  /** `left`: rows left out because a state there is massive or not finite. */
  rows: { train: number; heldOut: number; left: number };
  /** Blocks that were compared: all, or of large models some, evenly spread. */
  blocks: { source: number[]; target: number[] };
  /** Debiased linear CKA, [source][target] in the order of `blocks`. */
  cka: number[][];
  /** For each target block the source block that is most like it. */
  profile: { target: number; source: number; cka: number }[];
  /** The same with the later halves of both models alone: what is judged. */
  late: { target: number; source: number; cka: number }[];
  /** Mean of `late`. */
  meanCka: number;
  /** One quick map: from the source block most like it to a block of the middle of the target. */
  map: { source: number; target: number; lambda: number; heldOutR2: number };
  verdict: 'alike' | 'partly' | 'unalike';
}

export interface ModelsResult {
  source: ModelReport;
  target: ModelReport;
  homology: HomologyReport;
  /** Why only one model was in memory at a time; absent where both were. */
  inTurn?: string;
}

/** Two-dimensional view of a bounded sample of states. */
export interface PcaPanel {
  /** Coordinates on the first two principal axes, one pair a point. */
  points: [number, number][];
  /** Share of the variance on each of the two axes. */
  explained: [number, number];
}

export interface ActivationsResult {
  texts: number;
  /**
   * How the positions of the two models were paired. `readable`: positions that each side would give by itself; `paired`:
   * those that have a partner, before the bound on their number; `share`: paired / readable, 1 where paired by tokens.
   */
  alignment: {
    by: 'tokens' | 'characters';
    paired: number;
    readable: { source: number; target: number };
    share: { source: number; target: number };
  };
  /** `excluded`: positions left out because a state there is NaN or infinite. */
  tokens: { read: number; kept: number; train: number; heldOut: number; excluded: number };
  /** Panels per block, at the source and at the target. */
  pca: { source: PcaPanel[]; target: PcaPanel[] };
  /** Sample rows left out of the panels because their length is far above the median, and the size of the sample. */
  massive: { rows: number; of: number };
  /** The token under each point of the panels and the text it is from; `partner` is the large model's token there, where it is another. */
  labels: { token: string; text: number; position: number; partner?: string }[];
  /** Median ‖h‖ per block: the unit of the relative dose. */
  medianNorm: { source: number[]; target: number[] };
}

export interface MapResult {
  layers: { source: number; target: number };
  /** How the layers were chosen. */
  layerRule: string;
  /** The kind of map in use; every figure without a kind of its own is about this map. */
  kind: MapKind;
  /** Its rank, where it was cut; its scale, where it has one. */
  rank: number | null;
  scale: number | null;
  lambda: number;
  /** How λ was chosen. */
  lambdaRule: string;
  heldOutR2: number;
  centredCosine: number;
  /** Held-out R² of a ridge map fitted to shuffled pairs: the control. */
  shuffledR2: number;
  medianDimensionR2: number;
  /** Relative Frobenius error of the ridge map by this run's solver against float64, on the audit rows. */
  errorVsFloat64: number;
  /** Rows of the audit. */
  auditRows: number;
  /** What took the products: WGSL kernels, or ONNX Runtime's WASM with float64 around it. */
  solver: 'wgsl' | 'wasm';
  secondPass: boolean;
  /** Why the states were collected a second time; null if they were not. */
  secondPassReason: string | null;
  badPivots: number;
  /** Of the ridge map, whatever kind is in use. NaN where a system could not be factorised. */
  lambdaPath: { lambda: number; heldOutR2: number; trainR2: number }[];
  /** λ by cross-validation over folds of the training texts; null where it was not asked for. */
  crossValidation: { folds: number; points: { lambda: number; meanR2: number; standardError: number }[] } | null;
  /** Every kind of map of this pair of blocks, fitted to the same moments; reduced rank at several ranks. */
  family: { kind: MapKind; rank: number | null; trainR2: number; heldOutR2: number }[];
  statistics: MapStatistics;
  /** Held-out R² for every pair of blocks, [source][target]; NaN for a pair that was not compared or could not be solved. */
  grid: number[][];
  /** Linear CKA for every pair of blocks, [source][target]; NaN as in `grid`. */
  cka: number[][];
  /** Source sample mapped into the target's PCA plane, and the same targets, for the morph. */
  mappedPca: { source: [number, number][]; target: [number, number][]; mapped: [number, number][] };
}

/** The map of a run itself: too large for a run, and asked of the engine that fitted it. Y ≈ X W + 1 p. */
export interface MapArrays {
  /** d_S × d_T, row-major. */
  W: Float32Array;
  /** d_T */
  p: Float32Array;
  /** Means of the training rows: d_S and d_T. p = muTarget − muSource · W for the kinds of map that fit an intercept. */
  muSource: Float32Array;
  muTarget: Float32Array;
}

/** What the map does, beyond one R² (of the map in use). */
export interface MapStatistics {
  /** Held-out R² per target dimension, in the order of the dimensions; null where the target is constant. */
  dimensionR2: (number | null)[];
  /** Held-out R² without the k target dimensions of highest variance. */
  withoutTop: { without: number; r2: number }[];
  /** Standard deviations of the predicted states along their principal axes, every target dimension in units of its own; descending. */
  spectrum: number[];
  /** exp of the entropy of the normalised singular values (Roy & Vetterli 2007); at most `ceiling`. */
  effectiveRank: number;
  /** min(dS, dT): no map between these widths has a higher rank. */
  ceiling: number;
}

/** A text as it is put to a model: its tokens, and which of them (by position) are special and are read. */
export interface RenderedPrompt {
  tokens: string[];
  special: number[];
  read: number[];
}

export interface VectorResult {
  pairs: number;
  readPosition: ReadPosition;
  /** The first pair as it was put to the small model, for show. */
  readTokens: { positive: RenderedPrompt; negative: RenderedPrompt };
  cosineMappedNative: number;
  /** ±1.96/√d_T: where the cosine of a random vector falls. */
  chanceBand: number;
  /** cos(Wv, Wv + p). */
  cosineWithBias: number;
  norms: { source: number; mapped: number; native: number };
  medianNorm: { source: number; target: number };
  /** AUROC of held-out pair projections on the vector. */
  auroc: { source: number; mapped: number; native: number };
  /** Unit vectors as base64 of little-endian float32, for export. */
  values: { source: string; mapped: string; native: string };
  /**
   * Projections of the unsteered corpus on the unit vectors, at their blocks: mean, and the percentile of the settings of
   * h·v̂ (high) and of h·(−v̂) (low). Only where the operation compares with them.
   */
  projections?: Record<'source' | 'mapped' | 'native', { mean: number; high: number; low: number }>;
}

/** Next-token distributions at every stop of the dose axis. */
export interface AxisArm {
  /** Tokens shown as bars: the union of the top tokens over the stops. */
  tokens: { id: number; text: string }[];
  /** Probability of each shown token, [stop][token]. */
  probabilities: number[][];
  /** KL(base‖steered) of the next token at each stop, nats. */
  kl: number[];
}

export interface DoseAxis {
  prompt: string;
  /** The prompt as each model is given it, where it is written into chat templates; null where it is plain. */
  written: { source: RenderedPrompt; target: RenderedPrompt } | null;
  /** Signed stops in r, ascending, 0 included. */
  stops: number[];
  arms: Record<DosedArm, AxisArm>;
  milliseconds: number;
}

export interface StreamToken {
  id: number;
  text: string;
  /** Projection of the residual at the steered layer on the unit vector, in units of its standard deviation; null before it is measured. */
  projection: number | null;
}

/** The six continuations at one stop. */
export interface StopStreams {
  prompt: string;
  stop: number;
  arms: Record<Arm, StreamToken[]>;
}

export interface DoseCell {
  arm: DosedArm;
  /** Signed dose on the three scales. */
  r: number;
  alpha: number;
  isoKl: number | null;
  /** Share of continuations on the positive side, with its Wilson 95 % interval, and the other shares. */
  positive: { rate: number; interval: [number, number] };
  negative: { rate: number; interval: [number, number] };
  undecided: number;
  n: number;
  /** KL(base‖steered) per token of neutral text, nats. */
  klMean: number;
  klP95: number;
  rep3: number;
  /** The same prompts were used to choose the dose, or were held back for the report. */
  half: 'choose' | 'report';
}

export interface ArmResult {
  name: Arm;
  /** `toward positive` or `toward negative`; `none` for the undosed arms. */
  direction: 'positive' | 'negative' | 'none';
  dose: { r: number; alpha: number; isoKl: number | null };
  /** Share of continuations on the wanted side (positive side for undosed arms). */
  conceptRate: { value: number; n: number; interval: [number, number] };
  positiveRate: number;
  negativeRate: number;
  p95Kl: number;
  meanKl: number;
  rep3: number;
  samples: string[];
}

export type Outcome = 'steers' | 'one-sided' | 'fails';

export interface Verdict {
  outcome: Outcome;
  /** One sentence a practitioner can act on. */
  sentence: string;
  chosenDose: { r: number; alpha: number; isoKl: number | null };
  usableWindow: { largestR: number | null; maxP95Kl: number; maxRep3: number };
  /** (E_mapped − E_random) / (E_native − E_random), both directions together, with a bootstrap interval. */
  transferRatio: { value: number; interval: [number, number] } | null;
  reasons: string[];
}

export interface SteerResult {
  concept: { title: string; positive: string; negative: string };
  vector: VectorResult;
  /** α at which p95 KL on neutral text is 1 nat, per arm; null where the axis does not reach it. */
  isoKlAlpha: Record<DosedArm, number | null>;
  axis: DoseAxis;
}

/** One continuation with what the model makes of it when its tokens are forced through (teacher forcing). */
export interface ReplayRow {
  arm: Arm;
  direction: ArmResult['direction'];
  /** Signed strength: the vector added is α times the arm's unit direction. 0 for the undosed arms. */
  alpha: number;
  text: string;
  ids: number[];
  /** −1000 · ln p of every token, rounded: thousandths of a nat. */
  millinats: number[];
  /** The likeliest token at every position. */
  argmax: number[];
}

/**
 * The continuations on show at the chosen dose, both ways, with the log-probability of each token: what another device
 * replays. Steered with directions rounded to half precision, which is how a link carries them.
 */
export interface ReplayEvidence {
  prompt: string;
  /** Token ids of the prompt in each model: two tokenizers may differ. */
  promptIds: { source: number[]; target: number[] };
  rows: ReplayRow[];
  /** Unit directions as base64 of little-endian float16; those of the random arm follow from the seed. */
  vectors: { source: string; mapped: string; native: string };
}

/** Digests of what a run read beside its models. */
export interface RunInputs {
  corpus: { id: string; sha256: string };
  /** The preset that the concept, or its prompts, came from: SHA-256 of its canonical JSON. */
  preset: { id: string; sha256: string };
  /** SHA-256 over the WGSL sources of this version of the lab. */
  kernels: string;
}

export interface EvidenceResult {
  arms: ArmResult[];
  doseResponse: DoseCell[];
  streams: StopStreams[];
  replay: ReplayEvidence;
  verdict: Verdict;
}

export interface StageResults {
  models: ModelsResult;
  activations: ActivationsResult;
  map: MapResult;
  steer: SteerResult;
  evidence: EvidenceResult;
}

/** How far a stage has come. */
export interface Progress {
  stage: Stage;
  done: number;
  total: number;
  /** Real units: bytes, tokens, steps … */
  unit: 'bytes' | 'tokens' | 'layers' | 'texts' | 'steps' | 'continuations';
  note: string;
}

export type StageEvent = {
  [K in Stage]: { stage: K; result: StageResults[K]; milliseconds: number; fromMemory: boolean; warnings: string[] };
}[Stage];

export interface Run {
  schema: typeof RUN_SCHEMA;
  app: { name: 'lrt-lab'; version: string };
  /** Digest of the experiment, and of what it was run on; the test of a recorded run compares these. */
  experimentDigest: string;
  experiment: Experiment;
  /** Names of the concept and of its two ends, so that a reader needs no preset file. */
  concept: { title: string; positive: string; negative: string };
  device: DeviceReport;
  /** Milliseconds per stage, and `total`. */
  timings: Partial<Record<Stage | 'total', number>>;
  tokens: ActivationsResult['tokens'];
  models: ModelsResult;
  activations: ActivationsResult;
  map: MapResult;
  vector: VectorResult;
  steer: SteerResult;
  arms: ArmResult[];
  doseResponse: DoseCell[];
  streams: StopStreams[];
  replay: ReplayEvidence;
  verdict: Verdict;
  inputs: RunInputs;
  /** What a reader must know, and the stage that says so. */
  warnings: { stage: Stage; text: string }[];
}
