/**
 * Every operation on the residual stream against a PyTorch hook, and neutral against the untouched file, on ONNX Runtime's
 * WASM: see operation-checks.ts. All fixtures are in `npm run fixtures:check`.
 */
import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../experiment/schema';
import { editGraph } from './edit';
import { INTERVENTIONS } from './interventions';
import { readModel } from './model';
import { checkOperations, OPERATION_CHECKS } from './operation-checks';
import { exported, FIXTURES } from './testing';

const ARCHITECTURES = ['llama', 'gemma2', 'gemma3', 'gpt2', 'neox', 'opt'];
const chosen = FIXTURES.filter(
  ({ architecture, style, precision, data }) =>
    ARCHITECTURES.includes(architecture) &&
    ['plain', 'fused', 'dynamo'].includes(style) &&
    (precision === 'fp32' || precision === 'q4' || (precision === 'fp16' && style === 'fused')) &&
    data === null,
);

it('covers every architecture in every style that it is exported in', () => {
  expect(new Set(chosen.map(({ architecture, style }) => `${architecture} ${style}`)).size).toBe(15);
  expect(new Set(OPERATION_CHECKS)).toEqual(new Set([...OPERATIONS, 'two blocks']));
});

it.each(chosen)('$name', async (fixture) => {
  const checks = await checkOperations(fixture);
  expect(checks.map(({ name }) => name)).toEqual(OPERATION_CHECKS);
  expect(checks.filter(({ passed }) => !passed)).toEqual([]);
});

describe('in the graph', () => {
  const NODES = { add: 1, 'add-keep-norm': 9, clamp: 4, cap: 5, ablate: 3 };

  it.each(OPERATIONS)('%s takes its inputs and a few nodes', (op) => {
    for (const [name, sum] of [
      ['gpt2-plain-fp32', 0],
      // Where the block closes in a node that normalises too, the stream is summed once more.
      ['llama-fused-fp32', op === 'add' ? 0 : 1],
    ] as const) {
      const bytes = exported(name);
      const edited = editGraph(bytes, { steer: [{ block: 1, op }] });
      const model = readModel(edited.bytes);
      const constants = (nodes: readonly { op: string }[]) => nodes.filter((node) => node.op !== 'Constant').length;
      expect(constants(model.nodes) - constants(readModel(bytes).nodes), name).toBe(NODES[op] + sum);
      const { side } = edited.steers[0];
      expect(Object.keys(side)).toEqual([...INTERVENTIONS[op].sideInputs]);
      for (const input of ['steer.1', ...Object.values(side)]) expect(edited.inputs).toContain(input);
    }
  });

  it('steers a block by one operation', () => {
    const bytes = exported('gpt2-plain-fp32');
    const clash = [
      { block: 1, op: 'add' },
      { block: 1, op: 'clamp' },
    ] as const;
    expect(() => editGraph(bytes, { steer: clash })).toThrow(/two-operations/);
    expect(editGraph(bytes, { steer: [clash[0], clash[0]] }).steers).toHaveLength(1);
  });
});
