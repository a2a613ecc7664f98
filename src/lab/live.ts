/**
 * Steering from a run's vectors instead of a fit: what a run keeps of its arms, and the arms that a loaded pair gets from
 * it. The two are inverse, so that a recorded run, a kept one and the one just computed are steered in the same way.
 */
import { armSpec, DOSED_ARMS, type DosedArm } from '../experiment/arms';
import { fromBase64, toBase64 } from '../experiment/base64';
import { LabError } from '../experiment/errors';
import type { LiveSteering } from '../experiment/live';
import type { LiveVectors, ModelReport } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import type { ProjectionScale } from './generate';
import { DOSE_RULES, scopeOf, type Projections } from './operations';
import type { LoadedPair } from './stage-models';
import type { SteeringArm } from './vectors';

type Side = 'source' | 'target';
type Written = NonNullable<LiveVectors['arms']['random']['drawn']>;

/** What a run keeps of its arms beside its own three vectors. */
export function liveVectorsOf(
  arms: readonly SteeringArm[],
  scales: Readonly<Record<Side, ProjectionScale>>,
): LiveVectors {
  const scale = ({ mean, deviation }: ProjectionScale): LiveVectors['scales']['source'] => ({ mean, deviation });
  return {
    arms: Object.fromEntries(
      arms.map((arm) => {
        const write = (directions: readonly Float32Array[], projections: readonly Projections[]): Written => ({
          directions: directions.map(toBase64),
          ...(DOSE_RULES[arm.operation].needsProjections ? { projections: [...projections] } : {}),
        });
        const [own, ...more] = arm.projections;
        return [
          arm.arm,
          {
            ...(armSpec(arm.arm).vector === null ? { drawn: write(arm.directions, own) } : {}),
            further: arm.further.map(({ block, share, medianNorm, directions }, i) => ({
              block,
              share,
              medianNorm,
              ...write(directions, more[i]),
            })),
          },
        ];
      }),
    ) as LiveVectors['arms'],
    scales: { source: scale(scales.source), target: scale(scales.target) },
  };
}

/**
 * The arms of a run on a loaded pair, as `steerStage` had them, and the scales of their projections.
 * @throws LabError `run-invalid.live` where the run lacks the projections that the operation compares with, or a vector
 *   is not as wide as its model
 */
export function armsOfLive(
  { layers, vector, live }: LiveSteering,
  experiment: Pick<Experiment, 'transfer'>,
  models: Record<Side, LanguageModel>,
): { arms: SteeringArm[]; scales: Map<LanguageModel, ProjectionScale> } {
  const { operation } = experiment.transfer;
  const { needsProjections } = DOSE_RULES[operation];
  const read = (arm: DosedArm, text: string): Float32Array => {
    const values = fromBase64(text);
    if (values.length === models[armSpec(arm).model].info.hiddenSize) return values;
    throw new LabError('run-invalid.live', { arm });
  };
  const projections = (arm: DosedArm, written: readonly Projections[] | undefined): Projections[] => {
    if (needsProjections && !written) throw new LabError('run-invalid.live', { arm });
    return [...(written ?? [])];
  };
  const arms = DOSED_ARMS.flatMap((id): SteeringArm[] => {
    const kept = live.arms[id];
    if (!kept) return [];
    const { model: side, vector: own } = armSpec(id);
    if (own === null && !kept.drawn) throw new LabError('run-invalid.live', { arm: id });
    const written: Written =
      own === null
        ? kept.drawn!
        : {
            directions: [vector.values[own]],
            ...(vector.projections ? { projections: [vector.projections[own]] } : {}),
          };
    return [
      {
        arm: id,
        model: models[side],
        layer: layers[side],
        directions: written.directions.map((text) => read(id, text)),
        medianNorm: vector.medianNorm[side],
        operation,
        scope: scopeOf(experiment),
        further: kept.further.map(({ block, share, medianNorm, directions }) => ({
          block,
          share,
          medianNorm,
          directions: directions.map((text) => read(id, text)),
        })),
        projections: [written, ...kept.further].map((site) => projections(id, site.projections)),
      },
    ];
  });
  const scale = (side: Side, arm: DosedArm, own: 'source' | 'mapped'): [LanguageModel, ProjectionScale] => [
    models[side],
    { direction: read(arm, vector.values[own]), ...live.scales[side] },
  ];
  return {
    arms,
    scales: new Map([scale('source', 'small-steered', 'source'), scale('target', 'mapped', 'mapped')]),
  };
}

/**
 * That the loaded models are, file by file, those that the vectors were found in.
 * @throws LabError `model-digest.recorded` naming the model and the file
 */
export function requireSameModels(
  { models }: Pick<LiveSteering, 'models'>,
  { result }: Pick<LoadedPair, 'result'>,
): void {
  for (const side of ['source', 'target'] as const) {
    const path = differingFile(models[side].digests, result[side].digests);
    if (path !== null) throw new LabError('model-digest.recorded', { model: models[side].title, path });
  }
}

/** The first file that is not in both, or not the same in both; null where all are. */
function differingFile(a: ModelReport['digests'], b: ModelReport['digests']): string | null {
  const [left, right] = [a, b].map((files) => new Map(files.map(({ path, sha256 }) => [path, sha256])));
  return [...left.keys(), ...right.keys()].find((path) => left.get(path) !== right.get(path)) ?? null;
}
