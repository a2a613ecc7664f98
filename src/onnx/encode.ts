/** Writes a whole small model: what the lab computes with ONNX Runtime that is no language model. */
import { encodeValueInfo, GRAPH, MODEL } from './schema';
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField } from './wire';

/** IR version 8 goes with opset 17 (ONNX 1.12): every ONNX Runtime of the last years reads both. */
const IR_VERSION = 8;
const OPSET = 17;

export interface SmallGraph {
  /** From `encodeNode`, in topological order; operators of the default domain. */
  nodes: readonly Uint8Array[];
  /** Names and dimensions, symbols for dynamic ones; all float32. */
  inputs: readonly (readonly [name: string, dims: readonly (string | number)[]])[];
  outputs: readonly (readonly [name: string, dims: readonly (string | number)[]])[];
}

/** The bytes of an ONNX file that holds this graph. */
export function encodeGraph({ nodes, inputs, outputs }: SmallGraph): Uint8Array {
  return concatenate([
    integerField(MODEL.irVersion, IR_VERSION),
    bytesField(MODEL.opset, textField(1, ''), integerField(2, OPSET)),
    bytesField(
      MODEL.graph,
      ...nodes,
      textField(GRAPH.name, 'lrt-lab'),
      ...inputs.map(([name, dims]) => encodeValueInfo(GRAPH.input, name, 'float32', dims)),
      ...outputs.map(([name, dims]) => encodeValueInfo(GRAPH.output, name, 'float32', dims)),
    ),
  ]);
}
