/**
 * Writes an edited model by splicing: bytes that no edit touches, unknown fields
 * included, are copied verbatim, and stored weights can be left behind as references
 * into the original file.
 */
import type { GraphItem, OnnxModel, OnnxTensor } from './model';
import { GRAPH, LOCATION_EXTERNAL, MODEL, NODE, TENSOR, encodeExternalEntry } from './schema';
import { concatenate } from '../base/bytes';
import { Fields, WIRE_BYTES, bytesField, integerField, textField, varint, type Span } from './wire';

/** What to write instead of one field of the graph, in this order: `before`, the field or its `replacement`, `after`. */
export interface ItemEdit {
  before?: Uint8Array[];
  /** Encoded field that takes the place of the original; null drops it; absent keeps it. */
  replacement?: Uint8Array | null;
  after?: Uint8Array[];
}

/**
 * Writes `model` with `edits` applied and `appended` fields at the end of its graph.
 * @returns a complete ONNX file
 */
export function splice(
  model: OnnxModel,
  edits: ReadonlyMap<GraphItem, ItemEdit>,
  appended: readonly Uint8Array[],
): Uint8Array {
  const parts: Uint8Array[] = [];
  // Neighbouring untouched fields are copied as one run.
  let run: Span | null = null;
  const flush = () => {
    if (run) parts.push(model.bytes.subarray(run.start, run.end));
    run = null;
  };
  for (const item of model.items) {
    const edit = edits.get(item);
    if (edit) {
      flush();
      if (edit.before) parts.push(...edit.before);
    }
    if (edit?.replacement === undefined) {
      const { start, end } = item.whole;
      if (run && (run as Span).end === start) run = { start: (run as Span).start, end };
      else {
        flush();
        run = { start, end };
      }
    } else if (edit.replacement) parts.push(edit.replacement);
    if (edit?.after) {
      flush();
      parts.push(...edit.after);
    }
  }
  flush();
  parts.push(...appended);
  let length = 0;
  for (const part of parts) length += part.length;
  const { start, end } = model.graphField;
  const key = [varint(MODEL.graph * 8 + WIRE_BYTES), varint(length)];
  return concatenate([model.bytes.subarray(0, start), ...key, ...parts, model.bytes.subarray(end)]);
}

/** A node with other input and output names; every other field is copied verbatim. */
export function renamedNode(
  model: OnnxModel,
  span: Span,
  inputs: readonly string[],
  outputs: readonly string[],
): Uint8Array {
  return bytesField(
    GRAPH.node,
    ...inputs.map((name) => textField(NODE.input, name)),
    ...outputs.map((name) => textField(NODE.output, name)),
    ...fieldsExcept(model, span, [NODE.input, NODE.output]),
  );
}

/** An initialiser whose data is a reference to where it already lies: into `path`, the original file. */
export function externalised(model: OnnxModel, tensor: OnnxTensor & { raw: Span }, path: string): Uint8Array {
  return bytesField(
    GRAPH.initialiser,
    ...fieldsExcept(model, tensor.span, [TENSOR.raw, TENSOR.external, TENSOR.location]),
    encodeExternalEntry('location', path),
    encodeExternalEntry('offset', String(tensor.raw.start)),
    encodeExternalEntry('length', String(tensor.raw.end - tensor.raw.start)),
    integerField(TENSOR.location, LOCATION_EXTERNAL),
  );
}

function fieldsExcept(model: OnnxModel, span: Span, dropped: readonly number[]): Uint8Array[] {
  const kept: Uint8Array[] = [];
  for (const fields = new Fields(model.bytes, span); fields.next();) {
    if (!dropped.includes(fields.field)) kept.push(model.bytes.subarray(fields.start, fields.valueEnd));
  }
  return kept;
}
