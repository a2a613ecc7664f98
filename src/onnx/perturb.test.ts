/** Graphs that no exporter makes: whatever is done to one, the lab refuses it by name or steers it in earnest. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../experiment/errors';
import { readDecoder } from './decoder';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { indexGraph, traceOrigin } from './graph';
import { readModel, type GraphItem, type OnnxModel, type OnnxNode } from './model';
import { exported, exportedStates, maxDiff, openGraph, testVector } from './testing';

const BASES = ['llama-fused-fp32', 'neox-plain-fp32', 'opt-plain-fp32', 'gpt2-dynamo-fp32', 'llama-merged-fp32'];
const OPERATORS = [
  'Add',
  'Sub',
  'Mul',
  'Identity',
  'Reshape',
  'Cast',
  'Concat',
  'Shape',
  'SkipLayerNormalization',
  'LayerNormalization',
  'Gather',
  'MatMul',
];

type Perturbation =
  | { kind: 'operator'; node: number; op: number }
  | { kind: 'rewire'; node: number; input: number; from: number }
  | { kind: 'swap'; node: number }
  | { kind: 'drop'; node: number }
  | { kind: 'forget'; input: number };

const perturbation: fc.Arbitrary<Perturbation> = fc.oneof(
  fc.record({ kind: fc.constant('operator' as const), node: fc.nat(2000), op: fc.nat(OPERATORS.length - 1) }),
  fc.record({ kind: fc.constant('rewire' as const), node: fc.nat(2000), input: fc.nat(3), from: fc.nat(2000) }),
  fc.record({ kind: fc.constant('swap' as const), node: fc.nat(2000) }),
  fc.record({ kind: fc.constant('drop' as const), node: fc.nat(2000) }),
  fc.record({ kind: fc.constant('forget' as const), input: fc.nat(20) }),
);

/** The model with one thing changed. Earlier tensors only are wired in, so that the order stays topological. */
function perturbed(model: OnnxModel, change: Perturbation): OnnxModel {
  if (change.kind === 'forget') {
    const gone = model.inputs[change.input % model.inputs.length];
    return {
      ...model,
      inputs: model.inputs.filter((input) => input !== gone),
      items: model.items.filter((item) => item.info !== gone),
    };
  }
  const at = change.node % model.nodes.length;
  const node = model.nodes[at];
  const replaceWith = (other: OnnxNode | null): OnnxModel => ({
    ...model,
    nodes: model.nodes.flatMap((own) => (own === node ? (other ? [other] : []) : [own])),
    items: model.items.flatMap((item): GraphItem[] =>
      item.node === node ? (other ? [{ ...item, node: other }] : []) : [item],
    ),
  });
  if (change.kind === 'drop') return replaceWith(null);
  if (change.kind === 'operator') return replaceWith({ ...node, op: OPERATORS[change.op] });
  if (change.kind === 'swap')
    return replaceWith({
      ...node,
      inputs: [node.inputs[1] ?? '', node.inputs[0] ?? '', ...node.inputs.slice(2)],
      renamed: true,
    });
  const earlier = ['input_ids', ...model.nodes.slice(0, at).flatMap((other) => other.outputs)].filter(Boolean);
  return replaceWith({
    ...node,
    inputs: node.inputs.map((name, i) => (i === change.input ? earlier[change.from % earlier.length] : name)),
    renamed: true,
  });
}

/** Edits, or null where the lab refuses by name. Any other throw fails the test. */
function edit(model: OnnxModel) {
  try {
    return editGraph(model, { taps: 'all', steer: adds(0, 1, 2) });
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

describe.each(BASES)('%s', (base) => {
  const { prompt } = readDecoder(exported(base));

  it('is refused, or every vector lies on the way to the logits and to the taps after it', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(perturbation, { minLength: 1, maxLength: 3 }), (changes) => {
        const edited = edit(changes.reduce(perturbed, prompt));
        if (!edited) return;
        accepted++;
        const graph = indexGraph(readModel(edited.bytes));
        for (const { block, name } of edited.steers) {
          const reached = (tensor: string) => traceOrigin(graph, tensor, new Set([name])).meetsStop;
          expect(reached('logits'), `${name} → logits`).toBe(true);
          for (const tap of edited.taps) expect(reached(tap.name), `${name} → ${tap.name}`).toBe(tap.block >= block);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('moves the logits in ONNX Runtime whenever that runs it at all', async () => {
    const { ids } = exportedStates(base.split('-')[0]);
    const samples = fc.sample(perturbation, { numRuns: 12, seed: 2 });
    let ran = 0;
    for (const change of samples) {
      const edited = edit(perturbed(prompt, change));
      if (!edited) continue;
      // An operator is changed for the finder alone: the bytes keep the original one.
      const graph = await openGraph(edited).catch(() => null);
      if (!graph) continue;
      try {
        const still = await graph.run(ids).catch(() => null);
        if (!still) continue;
        const vector = testVector(edited.info.width);
        for (const { name } of edited.steers) {
          const steered = await graph.run(ids, { vectors: { [name]: vector } });
          expect(maxDiff(steered.logits.data, still.logits.data), `${JSON.stringify(change)} ${name}`).toBeGreaterThan(
            1e-3,
          );
        }
        ran++;
      } finally {
        await graph.close();
      }
    }
    expect(ran).toBeGreaterThan(0);
  });
});
