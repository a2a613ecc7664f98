/**
 * What every operation on the residual stream must give on every graph of fixtures/exporters, as measurements: the tests
 * assert them and `tools/fixtures-table.ts` prints them. Node only.
 */
import { readFileSync } from 'node:fs';
import { OPERATIONS, type Operation } from '../experiment/schema';
import { readDecoder } from './decoder';
import { editGraph, type EditedGraph } from './edit';
import { fusesOtherwise, isHalf, toleranceOf } from './fixture-checks';
import { INTERVENTIONS } from './interventions';
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
  type Encoded,
  type Fixture,
} from './testing';

/** One operation of a case, as PyTorch's hook did it: see fixtures/exporters/operations.py. */
interface Site {
  block: number;
  op: Operation;
  direction: 'v' | 'w';
  /** α of an addition, else the projection. */
  value: number;
  /** Share of the change that is carried out, from position `from` on. */
  share: number;
  from: number;
}

interface Reference {
  v: Encoded;
  w: Encoded;
  /** logits: [tokens, vocab] */
  cases: { sites: Site[]; logits: Encoded }[];
}

const references = JSON.parse(readFileSync('fixtures/exporters/operations.json', 'utf8')) as Record<string, Reference>;

/** Columns of the table: the operations, and two of them at two blocks. */
export const OPERATION_CHECKS = [...OPERATIONS, 'two blocks'] as const;

export interface OperationCheck {
  readonly name: (typeof OPERATION_CHECKS)[number];
  /** Largest |Δ| of the logits against PyTorch's hook, over the cases of this operation. */
  readonly error: number;
  /** Smallest change of the logits by a case: what does nothing proves nothing. */
  readonly effect: number;
  /** Largest |Δ| of neutral logits against the untouched file's; 0 where they are the same bits. */
  readonly neutral: number;
  readonly passed: boolean;
}

/**
 * Zero vectors may move logits by this in half precision, but for `add`: ONNX Runtime’s CPU provider computes such graphs in
 * float32, and where it rounds to 16 bits between depends on which nodes are neighbours.
 */
const HALF_STEP = 4e-3;

/** Every case must move the logits at least so much. */
const EFFECT = 0.02;

/** Inputs of an edited graph that do what a case says, at `count` positions. */
function inputsOf(edited: EditedGraph, sites: readonly Site[], reference: Reference, count: number) {
  const vectors: Record<string, Float32Array> = {};
  for (const { block, op, direction, value, share, from } of sites) {
    const { name, side } = edited.steers.find((steer) => steer.block === block)!;
    const unit = decode(reference[direction]);
    const kind = INTERVENTIONS[op];
    const size = kind.sign * (kind.vector === 'dose' ? value * share : share);
    const vector = new Float32Array(count * unit.length);
    for (let t = from; t < count; t++)
      vector.set(
        unit.map((x) => x * size),
        t * unit.length,
      );
    vectors[name] = vector;
    if (side.direction) vectors[side.direction] = unit;
    if (side.value) vectors[side.value] = Float32Array.of(value);
  }
  return vectors;
}

/** Runs all cases of a fixture on ONNX Runtime's WASM. @throws whatever the editor or ONNX Runtime throw */
export async function checkOperations(
  fixture: Fixture,
  names: readonly OperationCheck['name'][] = OPERATION_CHECKS,
): Promise<OperationCheck[]> {
  const bytes = exported(fixture.name);
  const { prompt } = readDecoder(bytes);
  const externalData = weightsOf(fixture);
  const { ids } = exportedStates(fixture.architecture);
  const reference = references[fixture.architecture];
  const allowed = toleranceOf(fixture);
  // As in checkFixture: where an If holds float16, the graph without the If is what is comparable.
  const flattened = fixture.style === 'merged' && isHalf(fixture.precision);
  const original = readModel(flattened ? editGraph(prompt).bytes : bytes);
  const { info } = editGraph(prompt);
  const untouched = await runGraph(
    { bytes: original.bytes, inputs: original.inputs.map(({ name }) => name), info },
    ids,
    { externalData },
  );
  const plain = (untouched.logits ?? untouched[original.outputs[0].name]).data;

  const checks: OperationCheck[] = [];
  for (const name of names) {
    const cases = reference.cases.filter(({ sites }) =>
      name === 'two blocks' ? sites.length > 1 : sites.length === 1 && sites[0].op === name,
    );
    if (cases.length === 0) throw new Error(`operations.json has no case of ${name}: run operations.py`);
    const edited = editGraph(prompt, { steer: cases[0].sites.map(({ block, op }) => ({ block, op })) });
    const graph = await openGraph(edited, externalData);
    let [error, effect, neutral] = [0, Infinity, 0];
    const compareNeutral = async (vectors: Record<string, Float32Array>): Promise<void> => {
      const { data } = (await graph.run(ids, { vectors })).logits;
      if (!sameBits(data, plain)) neutral = Math.max(neutral, maxDiff(data, plain) || Number.MIN_VALUE);
    };
    for (const { sites, logits } of cases) {
      const vectors = inputsOf(edited, sites, reference, ids.length);
      const { data } = (await graph.run(ids, { vectors })).logits;
      error = Math.max(error, maxDiff(data, decode(logits)));
      effect = Math.min(effect, maxDiff(data, plain));
      // Not steered: vectors of zeros, with the other inputs as they are for rows that are steered beside it, and at zero.
      await compareNeutral({
        ...vectors,
        ...Object.fromEntries(edited.steers.map((steer) => [steer.name, zeros(vectors[steer.name])])),
      });
    }
    await compareNeutral({});
    await graph.close();
    const step = isHalf(fixture.precision) && name !== 'add' ? HALF_STEP : fusesOtherwise(fixture) ? 1e-6 : 0;
    checks.push({ name, error, effect, neutral, passed: error <= allowed && effect > EFFECT && neutral <= step });
  }
  return checks;
}

const zeros = (vector: Float32Array): Float32Array => new Float32Array(vector.length);
