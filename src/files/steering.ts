/**
 * What of a run leaves the lab as a steering vector: which model, which block, which direction, how much. Every file format
 * and the ready-to-run scripts are written from this one value, so that they cannot disagree.
 */
import { fromBase64 } from '../experiment/base64';
import { LabError } from '../experiment/errors';
import type { ModelReport, Run } from '../experiment/run';
import type { ModelRef } from '../experiment/model-ref';
import { describeOperation } from './operations';

/** The vectors of a run: extracted in the small model, carried across, extracted in the large one. */
export const VECTOR_NAMES = ['mapped', 'native', 'source'] as const;
export type VectorName = (typeof VECTOR_NAMES)[number];

/** The parts of a run that its files are made from. */
export type ExportedRun = Pick<
  Run,
  'app' | 'experimentDigest' | 'experiment' | 'models' | 'map' | 'steer' | 'evidence'
>;

export interface Steering {
  vector: VectorName;
  /** The model that this vector steers. */
  role: 'source' | 'target';
  model: ModelReport;
  ref: ModelRef;
  /** 0-based block after which the vector is added; hidden_states[block + 1] of Hugging Face transformers. */
  block: number;
  /** Unit direction, the model's hidden size. */
  direction: Float32Array;
  /** The dose that the files bake in: r = α / median‖h‖, and α itself. */
  r: number;
  alpha: number;
  medianNorm: number;
  /** α · direction in float32: exactly what the lab adds at the chosen dose, where the operation adds. */
  added: Float32Array;
}

/**
 * That a format which holds what is added, and nothing else, can carry this run's steering.
 * @throws LabError `file-cannot-carry` where the run steered otherwise than by adding at every position
 */
export function requireAddition({ experiment: { transfer } }: ExportedRun): void {
  const { operation, scope } = transfer;
  if (operation !== 'add' || scope !== 'all') throw new LabError('file-cannot-carry.operation', { operation, scope });
}

/**
 * One vector of a run at the dose that the run chose.
 * @throws LabError `file-cannot-carry` where further blocks were steered with it: a run keeps the vectors of one pair
 */
export function steeringOf(run: ExportedRun, vector: VectorName): Steering {
  // The kept proof holds settings of version 2, which had no further blocks, and must stay as it was read.
  const further = run.experiment.transfer.also?.length ?? 0;
  if (further > 0) throw new LabError('file-cannot-carry.further-blocks', { count: further });
  const role = vector === 'source' ? 'source' : 'target';
  const direction = fromBase64(run.steer.vector.values[vector]);
  const model = run.models[role];
  if (direction.length !== model.hiddenSize)
    throw new LabError('file-invalid.run-vector', {
      vector,
      values: direction.length,
      model: model.title,
      width: model.hiddenSize,
    });
  const { r } = run.evidence.verdict.chosenDose;
  const medianNorm = run.steer.vector.medianNorm[role];
  const alpha = r * medianNorm;
  return {
    vector,
    role,
    model,
    ref: run.experiment.models[role],
    block: run.map.layers[role],
    direction,
    r,
    alpha,
    medianNorm,
    added: direction.map((x) => x * alpha),
  };
}

/** What the vector is and does, in one sentence for a file's description. */
export function describeSteering(run: ExportedRun, { vector, model, block, r, alpha }: Steering): string {
  const whose =
    vector === 'mapped'
      ? `from ${run.models.source.title} by the affine map`
      : vector === 'native'
        ? 'extracted in this model'
        : run.experiment.concept.kind === 'vector'
          ? 'brought along for this model, the source'
          : 'extracted in this model, the source';
  const { transfer } = run.experiment;
  const sentence =
    transfer.operation === 'add' && transfer.scope === 'all'
      ? `Add to the output of block ${block} (0-based) of ${model.id}, at every position`
      : `Block ${block} (0-based) of ${model.id}: ${describeOperation(transfer)}`;
  return `${run.steer.concept.title}: ${vector} vector, ${whose}. ${sentence}. Factor 1 is the chosen dose, r = ${short(r)} (norm ${short(alpha)}), toward “${run.steer.concept.positive}”; factor -1 is toward “${run.steer.concept.negative}”. Experiment ${run.experimentDigest}.`;
}

/** A number at six significant digits, without an exponent where it has none to need. */
export const short = (x: number): string => String(Number(x.toPrecision(6)));

/** A name for files: letters, digits and hyphens. */
export function slug(text: string): string {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
    .replaceAll(/-+$/g, '');
  return name || 'experiment';
}
