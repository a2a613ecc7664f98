/** Makes the head of a decoder read the last position only. */
import { LabError } from '../experiment/errors';
import type { Draft } from './draft';
import { traceOrigin } from './graph';
import type { GraphInfo } from './info';
import type { OnnxNode } from './model';
import type { ResidualStream } from './residual';
import { GRAPH, encodeInt64Value, encodeIntAttribute, encodeValueInfo } from './schema';

/** The matrix products that turn a state into logits. */
const PRODUCT = /^(MatMul|MatMulNBits|MatMulInteger|FusedMatMul|Gemm)$/;

/**
 * Puts a Gather of position −1 in front of the product that makes the logits, so that a prompt of S
 * tokens costs one row of the head instead of S. The output becomes [batch_size, 1, vocab].
 *
 * The last position is that of the padded batch: rows must be of equal length.
 * @throws LabError `graph-unsupported` when no such product lies between the stream and the logits
 */
export function graftLastToken(draft: Draft, stream: ResidualStream, info: GraphInfo): void {
  const { graph } = draft;
  const last = stream.post[stream.blocks - 1];
  // A fused last norm hides the stream: its normalised output is then the way on.
  const states = new Set([last.tensor ?? '', ...last.node.outputs].filter(Boolean));
  const dependsOnState = (name: string) => traceOrigin(graph, name, states).meetsStop;

  const between: OnnxNode[] = [];
  let name = 'logits';
  for (let node = graph.producers.get(name); node; node = graph.producers.get(name)) {
    if (states.has(name)) break;
    between.push(node);
    const operand = node.inputs.find((input) => input && dependsOnState(input));
    if (!operand) break;
    if (PRODUCT.test(node.op)) {
      graft(draft, node, operand);
      // Shapes declared behind the product still speak of the whole sequence.
      for (const changed of between) for (const output of changed.outputs) draft.dropped.valueInfo.add(output);
      draft.newOutputs.set(
        'logits',
        encodeValueInfo(GRAPH.output, 'logits', info.logitsType, ['batch_size', 1, info.vocabSize]),
      );
      return;
    }
    name = operand;
  }
  throw new LabError('graph-unsupported.head', { logitsFrom: graph.producers.get('logits')?.op ?? 'none' });
}

function graft(draft: Draft, product: OnnxNode, operand: string): void {
  const index = draft.claim('logits.last/index');
  const state = draft.claim('logits.last/state');
  const node = draft.of(product);
  draft.insert('before', node, 'Constant', '/logits.last/Constant', [], [index], [encodeInt64Value([-1])]);
  // The operand may have been renamed by a tap in the meantime: take its name from the draft.
  const slot = product.inputs.indexOf(operand);
  draft.insert(
    'before',
    node,
    'Gather',
    '/logits.last/Gather',
    [node.inputs[slot], index],
    [state],
    [encodeIntAttribute('axis', 1)],
  );
  node.inputs[slot] = state;
  node.changed = true;
}
