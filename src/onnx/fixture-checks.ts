/**
 * What every graph of fixtures/exporters must pass, as one list of measurements: the tests assert it and
 * `tools/fixtures-table.ts` prints it. Node only.
 */
import { readDecoder } from './decoder';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { readModel } from './model';
import {
  decode,
  exported,
  exportedStates,
  maxDiff,
  openGraph,
  runGraph,
  sameBits,
  weightsOf,
  type Fixture,
} from './testing';

export interface Check {
  /** Column of the table. */
  readonly name: (typeof CHECKS)[number];
  /** What was measured, for the table. */
  readonly shown: string;
  readonly passed: boolean;
}

/**
 * blocks: number found. taps: largest |Δ| against PyTorch's states, over all blocks. steer: largest |Δ| of the logits
 * against a PyTorch hook, the vector at every position. zero: logits with taps and zero vectors at every block against the
 * untouched file, “bits” where they are the same. effect: largest change of the logits by the vector. collect: states of the
 * graph without a head, weights left in the original file, against the whole graph with zero vectors; in half precision
 * within the tolerance, as ONNX Runtime's CPU provider computes in float32 and rounds where the neighbours tell it to.
 * step: logits of the last token, from the cache of those before it, steered, against PyTorch.
 */
export const CHECKS = ['blocks', 'taps', 'steer', 'zero', 'effect', 'collect', 'step'] as const;

/** Largest |Δ| allowed for states and logits, which are of order 1 to 10. */
export function toleranceOf({ precision }: Fixture): number {
  // 4 bits hold the fixtures' weights exactly. Half precision rounds the stream; 8 bits round weights and activations.
  if (precision === 'q8') return 0.5;
  return isHalf(precision) ? 0.03 : 1e-3;
}

export function isHalf(precision: Fixture['precision']): boolean {
  return precision === 'fp16' || precision.startsWith('q4f16');
}

/** BLOOM by dynamo: ONNX Runtime fuses bias, sum and normalisation, and adds in another order beside a steering input. */
export function fusesOtherwise({ architecture, style, precision }: Fixture): boolean {
  return architecture === 'bloom' && style === 'dynamo' && !isHalf(precision);
}

/** The vector must move the logits by this much: as much as it moves PyTorch's, of which the smallest is 0.4. */
const EFFECT = 0.2;

/** Runs all checks on ONNX Runtime's WASM. @throws whatever the finder, the editor or ONNX Runtime throw */
export async function checkFixture(fixture: Fixture): Promise<Check[]> {
  const bytes = exported(fixture.name);
  const states = exportedStates(fixture.architecture);
  const { prompt, step } = readDecoder(bytes);
  const allowed = toleranceOf(fixture);
  const externalData = weightsOf(fixture);
  const { ids, steeredBlock } = states;
  const blocks = states.residPost.dims[0];
  const vectors = { [`steer.${steeredBlock}`]: decode(states.vector) };

  const edited = editGraph(prompt, { taps: 'all', steer: adds(...Array(blocks).keys()) });
  const { info } = edited;
  const graph = await openGraph(edited, externalData);
  const still = await graph.run(ids);
  const steered = await graph.run(ids, { vectors });
  const first = await graph.run(ids.slice(0, -1), { vectors });
  await graph.close();
  const next = await runGraph(editGraph(step, { steer: adds(steeredBlock), lastTokenLogits: true }), ids.slice(-1), {
    vectors,
    past: first,
    externalData,
  });

  // The file as it is, names and If included. But where an If holds float16, ONNX Runtime's CPU provider rounds at other
  // places inside than outside of it: there the graph without the If, unedited otherwise.
  const flattened = fixture.style === 'merged' && isHalf(fixture.precision);
  const original = readModel(flattened ? editGraph(prompt).bytes : bytes);
  const untouched = await runGraph(
    { bytes: original.bytes, inputs: original.inputs.map((input) => input.name), info },
    ids,
    { externalData },
  );
  const logits = (untouched.logits ?? untouched[original.outputs[0].name]).data;

  // ONNX Runtime's CPU provider cannot run a float16 cache whose present.* is dropped; see EditOptions.keep.
  const collecting = editGraph(prompt, {
    taps: 'all',
    keep: { logits: false, present: info.cacheType === 'float16' },
    externalise: { path: 'original', minBytes: 64 },
  });
  const collected = await runGraph(collecting, ids, {
    externalData: [...externalData, { path: 'original', data: bytes }],
  });

  const expected = decode(states.residPost);
  const size = ids.length * info.width;
  const taps = Math.max(
    ...edited.taps.map(({ block, name }) =>
      maxDiff(still[name].data, expected.subarray(block * size, (block + 1) * size)),
    ),
  );
  const steer = maxDiff(steered.logits.data, decode(states.steeredLogits));
  const effect = maxDiff(steered.logits.data, still.logits.data);
  const last = maxDiff(next.logits.data, decode(states.steeredLogits).subarray(-info.vocabSize));
  const measured = (name: Check['name'], value: number, limit: number): Check => ({
    name,
    shown: value.toExponential(0),
    passed: value <= limit,
  });
  const exact = (
    name: Check['name'],
    pairs: readonly (readonly [Float32Array, Float32Array])[],
    limit: number,
  ): Check => {
    const worst = Math.max(...pairs.map(([a, b]) => (sameBits(a, b) ? 0 : maxDiff(a, b) || Number.MIN_VALUE)));
    return { name, shown: worst === 0 ? 'bits' : worst.toExponential(0), passed: worst <= limit };
  };
  return [
    {
      name: 'blocks',
      shown: String(info.blocks),
      passed: info.blocks === blocks && edited.taps.length === blocks && edited.steers.length === blocks,
    },
    measured('taps', taps, allowed),
    measured('steer', steer, allowed),
    exact('zero', [[still.logits.data, logits]], fusesOtherwise(fixture) ? 1e-6 : 0),
    { name: 'effect', shown: effect.toFixed(1), passed: effect > EFFECT },
    exact(
      'collect',
      collecting.taps.map(({ name }) => [collected[name].data, still[name].data]),
      isHalf(fixture.precision) ? allowed : 0,
    ),
    measured('step', last, allowed),
  ];
}
