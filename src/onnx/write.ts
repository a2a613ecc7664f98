/** Writes a draft as a complete ONNX file. */
import type { Draft } from './draft';
import { GRAPH, encodeNode, encodeValueInfo } from './schema';
import { externalised, renamedNode, splice, type ItemEdit } from './splice';

/** What was left in the original file. */
export interface LeftBehind {
  readonly path: string;
  readonly tensors: number;
  readonly bytes: number;
}

/** @param externalise where to leave stored tensors of at least `minBytes`; see `EditOptions` */
export function writeDraft(
  draft: Draft,
  externalise?: { path: string; minBytes: number },
): { bytes: Uint8Array; external: LeftBehind | null } {
  const { model, dropped } = draft;
  const edits = new Map<(typeof model.items)[number], ItemEdit>();
  const itemOf = new Map(model.items.filter((item) => item.node).map((item) => [item.node!, item]));
  const kept = new Set(draft.nodes.map((node) => node.source));
  for (const [node, item] of itemOf) if (!kept.has(node)) edits.set(item, { replacement: null });

  // New nodes are written with the original node that follows them, or at the end after the last.
  let waiting: Uint8Array[] = [];
  for (const node of draft.nodes) {
    if (!node.source) {
      waiting.push(encodeNode(node.op, node.name, node.inputs, node.outputs, node.attributes));
      continue;
    }
    if (!node.changed && waiting.length === 0) continue;
    const edit: ItemEdit = { before: waiting };
    if (node.changed) edit.replacement = renamedNode(model, node.source.span, node.inputs, node.outputs);
    edits.set(itemOf.get(node.source)!, edit);
    waiting = [];
  }

  let tensors = 0;
  let bytes = 0;
  for (const item of model.items) {
    if (item.initialiser) {
      const { raw } = item.initialiser;
      if (dropped.initialisers.has(item.initialiser.name)) edits.set(item, { replacement: null });
      else if (externalise && raw && raw.end - raw.start >= externalise.minBytes) {
        tensors++;
        bytes += raw.end - raw.start;
        edits.set(item, { replacement: externalised(model, { ...item.initialiser, raw }, externalise.path) });
      }
    } else if (item.info) {
      const { name } = item.info;
      const gone =
        item.field === GRAPH.input
          ? dropped.inputs.has(name)
          : item.field === GRAPH.output
            ? dropped.outputs.has(name) || draft.newOutputs.has(name)
            : dropped.valueInfo.has(name);
      if (gone) edits.set(item, { replacement: null });
      else if (item.info.renamed)
        edits.set(item, { replacement: encodeValueInfo(item.field, name, item.info.elementType, item.info.dims) });
    }
  }
  const appended = [...waiting, ...draft.newInputs.values(), ...draft.newOutputs.values()];
  return {
    bytes: splice(model, edits, appended),
    external: externalise ? { path: externalise.path, tensors, bytes } : null,
  };
}
