/** Removes from a draft whatever no kept output needs. */
import type { Draft, DraftNode } from './draft';

/**
 * Keeps the nodes behind `outputs` and drops the rest, with the initialisers, graph inputs and
 * value_info entries that nothing reads any more. A kept node keeps all its outputs: attention
 * operators write the cache as a second and third output even when nobody asks for it.
 */
export function prune(draft: Draft, outputs: readonly string[]): void {
  const producers = new Map<string, DraftNode>();
  for (const node of draft.nodes) for (const name of node.outputs) if (name) producers.set(name, node);
  const needed = new Set(outputs);
  const queue = [...outputs];
  const nodes = new Set<DraftNode>();
  for (let head = 0; head < queue.length; head++) {
    const node = producers.get(queue[head]);
    if (!node || nodes.has(node)) continue;
    nodes.add(node);
    for (const name of [...node.inputs, ...(node.source?.captured ?? [])]) {
      if (name && !needed.has(name)) {
        needed.add(name);
        queue.push(name);
      }
    }
  }
  const { dropped } = draft;
  const made = new Set([...nodes].flatMap((node) => node.outputs));
  for (const name of draft.model.initialisers.keys()) if (!needed.has(name)) dropped.initialisers.add(name);
  for (const input of draft.model.inputs) if (!needed.has(input.name)) dropped.inputs.add(input.name);
  for (const name of draft.newInputs.keys()) if (!needed.has(name)) draft.newInputs.delete(name);
  for (const name of draft.model.valueInfo.keys()) if (!made.has(name)) dropped.valueInfo.add(name);
  draft.nodes = draft.nodes.filter((node) => nodes.has(node));
}
