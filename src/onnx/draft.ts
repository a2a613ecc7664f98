/** A graph on its way from the original file to an edited one. */
import { LabError } from '../experiment/errors';
import type { Graph } from './graph';
import type { OnnxModel, OnnxNode } from './model';

/** A node on its way into the edited graph. `source` is null for a new one. */
export interface DraftNode {
  readonly source: OnnxNode | null;
  readonly op: string;
  readonly name: string;
  inputs: string[];
  outputs: string[];
  attributes: Uint8Array[];
  changed: boolean;
}

/** The graph while it is edited: nodes in order, and what is to be added or dropped. */
export class Draft {
  readonly model: OnnxModel;
  readonly graph: Graph;
  nodes: DraftNode[];
  /** Names of graph inputs, graph outputs, initialisers and value_info entries that go. */
  readonly dropped = {
    inputs: new Set<string>(),
    outputs: new Set<string>(),
    initialisers: new Set<string>(),
    valueInfo: new Set<string>(),
  };
  /** Encoded graph inputs and outputs to add, by name. */
  readonly newInputs = new Map<string, Uint8Array>();
  readonly newOutputs = new Map<string, Uint8Array>();
  private readonly taken: Set<string>;
  private readonly bySource: Map<OnnxNode, DraftNode>;
  private readonly inserted = new Map<DraftNode, { before: DraftNode[]; after: DraftNode[] }>();

  constructor(graph: Graph) {
    this.graph = graph;
    this.model = graph.model;
    this.nodes = graph.model.nodes.map((source) => ({
      source,
      op: source.op,
      name: source.name,
      inputs: [...source.inputs],
      outputs: [...source.outputs],
      attributes: [],
      changed: source.renamed ?? false,
    }));
    this.bySource = new Map(this.nodes.map((node) => [node.source!, node]));
    this.taken = new Set([
      ...graph.producers.keys(),
      ...graph.model.initialisers.keys(),
      ...graph.model.inputs.map((input) => input.name),
    ]);
  }

  /** The draft of an original node. */
  of(source: OnnxNode): DraftNode {
    return this.bySource.get(source)!;
  }

  /** Claims a tensor name. @throws LabError `graph-unsupported` when the graph already uses it */
  claim(name: string): string {
    if (this.taken.has(name)) {
      throw new LabError('graph-unsupported.edited', { name });
    }
    this.taken.add(name);
    return name;
  }

  /** Adds a node right before or after an existing one, so that the order stays topological; several in the order of the calls. */
  insert(
    where: 'before' | 'after',
    anchor: DraftNode,
    op: string,
    name: string,
    inputs: string[],
    outputs: string[],
    attributes: Uint8Array[] = [],
  ): void {
    const node: DraftNode = { source: null, op, name, inputs, outputs, attributes, changed: true };
    const at = this.inserted.get(anchor) ?? { before: [], after: [] };
    at[where].push(node);
    this.inserted.set(anchor, at);
  }

  /** Gives a tensor another name at its producer and at every reader. */
  rename(from: string, to: string): void {
    const touched = [this.graph.producers.get(from), ...(this.graph.uses.get(from) ?? []).map((use) => use.node)];
    for (const source of touched) {
      if (!source) continue;
      const node = this.of(source);
      node.inputs = node.inputs.map((name) => (name === from ? to : name));
      node.outputs = node.outputs.map((name) => (name === from ? to : name));
      node.changed = true;
    }
    for (const { before, after } of this.inserted.values()) {
      for (const node of [...before, ...after]) {
        node.inputs = node.inputs.map((name) => (name === from ? to : name));
        node.outputs = node.outputs.map((name) => (name === from ? to : name));
      }
    }
    this.dropped.valueInfo.add(from);
  }

  /** Puts the inserted nodes in their places; call once, after the last `insert`. */
  settle(): void {
    if (this.inserted.size === 0) return;
    this.nodes = this.nodes.flatMap((node) => {
      const at = this.inserted.get(node);
      return at ? [...at.before, node, ...at.after] : [node];
    });
  }
}
