/** The card beside exported tensors: everything needed to know what they are, and to make them again. */
import { sha256Hex } from '../experiment/digest';
import type { ModelReport } from '../experiment/run';
import { nativeShareOf, sentenceOf } from '../experiment/verdict';
import { describeOperation } from './operations';
import { wordsOf } from '../i18n/text';
import { describeSteering, steeringOf, VECTOR_NAMES, type ExportedRun } from './steering';

/** A file that a card speaks of. */
export interface CardFile {
  name: string;
  bytes: Uint8Array;
}

/** Writes the card of a run's tensor files as JSON text; the same run and files give the same text. */
export function writeCard(run: ExportedRun, files: readonly CardFile[]): string {
  const { experiment, map } = run;
  const { vector } = run.steer;
  const { verdict } = run.evidence;
  const { say } = wordsOf('en');
  const model = (
    { id, title, modelType, dtype, layers, hiddenSize, license, digests }: ModelReport,
    role: 'source' | 'target',
  ) => ({
    id,
    title,
    modelType,
    dtype,
    layers,
    hiddenSize,
    license,
    location: experiment.models[role].location ?? 'bundled with the lab',
    block: map.layers[role],
    medianNorm: vector.medianNorm[role],
    digests,
  });
  const card = {
    format: 'lrt-lab card',
    version: 1,
    app: run.app,
    experimentDigest: run.experimentDigest,
    concept: run.steer.concept,
    models: { source: model(run.models.source, 'source'), target: model(run.models.target, 'target') },
    map: {
      kind: map.kind,
      rank: map.rank,
      scale: map.scale,
      lambda: map.lambda,
      lambdaRule: say(map.lambdaRule),
      heldOutR2: map.heldOutR2,
      shuffledR2: map.shuffledR2,
      centredCosine: map.centredCosine,
      layerRule: say(map.layerRule),
      corpus: experiment.corpus,
    },
    vector: {
      ...(experiment.concept.kind === 'vector' ? { source: 'brought along, not extracted from pairs' } : {}),
      method: experiment.vector.method,
      readPosition: vector.readPosition,
      pairs: vector.pairs,
      transfer: experiment.transfer,
      norms: vector.norms,
      cosineMappedNative: vector.cosineMappedNative,
      auroc: vector.auroc,
      seed: experiment.generation.seed,
    },
    dose: { ...verdict.chosenDose, usableWindow: verdict.usableWindow },
    effect: {
      outcome: verdict.chain?.outcome ?? verdict.outcome,
      transferRatio: nativeShareOf(run.evidence),
      sentence: say(sentenceOf(verdict)),
    },
    steering: Object.fromEntries(
      VECTOR_NAMES.map((name) => {
        const { role, block, r, alpha, ...rest } = steeringOf(run, name);
        return [
          name,
          {
            model: rest.model.id,
            role,
            block,
            r,
            alpha,
            description: describeSteering(run, { ...rest, role, block, r, alpha }),
          },
        ];
      }),
    ),
    conventions: {
      block:
        '0-based; the stream after the block; hidden_states[block + 1] of transformers; direction.<block> of a GGUF control vector',
      operation: describeOperation(experiment.transfer),
      factorOne:
        'GGUF and .svec carry alpha times the direction: factor (multiplier) 1 is the chosen dose. The safetensors file carries unit directions.',
      map: 'rows are tokens: target = source @ W + p; a difference of states maps by W alone',
    },
    files: files.map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: sha256Hex(bytes) })),
  };
  return `${JSON.stringify(card, null, 2)}\n`;
}
