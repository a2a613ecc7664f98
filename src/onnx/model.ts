/**
 * Reads an ONNX file into plain objects that point back into its bytes.
 *
 * Everything needed to understand the graph is decoded; nothing is copied, and every
 * part remembers its span so that an edit can splice around what it leaves alone.
 */
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
import {
  ATTRIBUTE,
  GRAPH,
  LOCATION_EXTERNAL,
  MODEL,
  NODE,
  TENSOR,
  elementTypeName,
  type Dim,
  type ElementType,
} from './schema';
import { Fields, WIRE_BYTES, WIRE_FIXED32, invalid, truncated, type Span } from './wire';

/** A stored tensor: an initialiser, or the value of a Constant node. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elementType: ElementType;
  /** Where raw_data lies in the file; null when the data is typed, external or absent. */
  readonly raw: Span | null;
  /** Where float_data lies: little-endian float32, in one or more pieces. */
  readonly floats: readonly Span[];
  /** int32_data, which carries float16 bits when the type is float16. Usually empty. */
  readonly int32s: readonly number[];
  /** Where the data lies in another file; null when it is in this one. */
  readonly external: { readonly path: string; readonly offset: number; readonly length: number | null } | null;
  readonly span: Span;
}

export interface OnnxAttribute {
  readonly name: string;
  readonly int: number | null;
  readonly ints: readonly number[];
  readonly string: string | null;
  readonly tensor: OnnxTensor | null;
  /** Where a subgraph lies (a branch of an If): what `readGraph` reads. */
  readonly graph: Span | null;
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  /** Tensor names; '' marks an optional input that is absent. */
  readonly inputs: readonly string[];
  /** Tensor names; '' marks an optional output that is absent. */
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
  /** Every tensor named inside the node's subgraphs (If, Loop): a superset of what it captures from outside. */
  readonly captured: readonly string[];
  readonly span: Span;
  /** True when `inputs` or `outputs` are not those of the bytes: such a node must be written anew. */
  readonly renamed?: boolean;
}

/** A graph input, graph output or value_info entry. */
export interface OnnxValue {
  readonly name: string;
  readonly elementType: ElementType;
  /** Empty when the file gives no shape. */
  readonly dims: readonly Dim[];
  /** True when `name` is not that of the bytes. */
  readonly renamed?: boolean;
}

/** One field of the graph, in file order: what an edit keeps, replaces or drops. */
export interface GraphItem {
  /** The field number, see `GRAPH`. */
  readonly field: number;
  /** The whole field, key included. */
  readonly whole: Span;
  /** The value of the field, without its key. */
  readonly value: Span;
  readonly node?: OnnxNode;
  readonly initialiser?: OnnxTensor;
  readonly info?: OnnxValue;
}

/** The contents of a graph or of a subgraph. */
export interface GraphParts {
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly valueInfo: ReadonlyMap<string, OnnxValue>;
  readonly items: readonly GraphItem[];
}

export interface OnnxModel extends GraphParts {
  /** The file itself; spans index into it. */
  readonly bytes: Uint8Array;
  readonly irVersion: number;
  readonly producer: string;
  /** Operator set versions by domain; the ONNX domain is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Graph inputs that must be fed: those that no initialiser fills. */
  readonly inputs: readonly OnnxValue[];
  /** The graph's fields in file order, for splicing. */
  readonly items: readonly GraphItem[];
  /** The whole graph field, key included; the model's other fields lie before and after it. */
  readonly graphField: Span;
}

/** Subgraphs nest one or two deep in practice; the limit keeps hostile bytes from exhausting the stack. */
const MAX_DEPTH = 16;

/**
 * Reads an ONNX model.
 *
 * @param bytes the whole .onnx file; weights in other files are only referred to
 * @throws LabError `model-truncated` when the file ends early, `model-invalid` when it is
 *   something else or corrupt; both give the byte offset in `details.offset`
 */
export function readModel(bytes: Uint8Array): OnnxModel {
  refuseLookalikes(bytes);
  let irVersion = 0;
  let producerName = '';
  let producerVersion = '';
  let graph: Span | null = null;
  let graphField: Span | null = null;
  const opsets = new Map<string, number>();
  const top = new Fields(bytes);
  while (top.next()) {
    if (top.field === MODEL.graph) {
      if (graph) throw invalid(top.start, message('onnx.two-graphs'));
      top.expect(WIRE_BYTES);
      graph = top.span();
      graphField = { start: top.start, end: top.valueEnd };
    } else if (top.field === MODEL.irVersion) irVersion = top.integer();
    else if (top.field === MODEL.producerName) producerName = top.text();
    else if (top.field === MODEL.producerVersion) producerVersion = top.text();
    else if (top.field === MODEL.opset) {
      let domain = '';
      let version = 0;
      for (const inner = top.nested(); inner.next();) {
        if (inner.field === 1) domain = inner.text();
        else if (inner.field === 2) version = inner.integer();
      }
      opsets.set(domain, version);
    }
  }
  if (!graph || !graphField) throw truncated(bytes.length, message('onnx.no-graph'));
  if (opsets.size === 0) throw truncated(bytes.length, message('onnx.no-opsets'));

  const parts = readGraph(bytes, graph);
  if (parts.nodes.length === 0) throw invalid(graph.start, message('onnx.no-nodes'));
  return {
    bytes,
    irVersion,
    producer: [producerName, producerVersion].filter(Boolean).join(' '),
    opsets,
    ...parts,
    // Files before IR version 4 list every initialiser among the inputs as well.
    inputs: parts.inputs.filter((input) => !parts.initialisers.has(input.name)),
    graphField,
  };
}

/**
 * Reads a GraphProto: a model's graph, or a subgraph of one of its nodes (see `OnnxAttribute.graph`).
 * @throws LabError `model-truncated` or `model-invalid`
 */
export function readGraph(bytes: Uint8Array, span: Span): GraphParts {
  const nodes: OnnxNode[] = [];
  const initialisers = new Map<string, OnnxTensor>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const valueInfo = new Map<string, OnnxValue>();
  const items: GraphItem[] = [];
  const fields = new Fields(bytes, span);
  while (fields.next()) {
    const at = { field: fields.field, whole: { start: fields.start, end: fields.valueEnd }, value: fields.span() };
    if (fields.field === GRAPH.node) {
      const node = readNode(fields, 0);
      nodes.push(node);
      items.push({ ...at, node });
    } else if (fields.field === GRAPH.initialiser) {
      const initialiser = readTensor(fields);
      initialisers.set(initialiser.name, initialiser);
      items.push({ ...at, initialiser });
    } else if (fields.field === GRAPH.input || fields.field === GRAPH.output || fields.field === GRAPH.valueInfo) {
      const info = readValue(fields);
      if (fields.field === GRAPH.input) inputs.push(info);
      else if (fields.field === GRAPH.output) outputs.push(info);
      else valueInfo.set(info.name, info);
      items.push({ ...at, info });
    } else items.push(at);
  }
  return { nodes, initialisers, inputs, outputs, valueInfo, items };
}

/** Names the two impostors that downloads really produce, before the parser calls them noise. */
function refuseLookalikes(bytes: Uint8Array): void {
  if (bytes.length === 0) throw truncated(0, message('onnx.empty'));
  const head = new TextDecoder().decode(bytes.subarray(0, 48)).trimStart().toLowerCase();
  if (head.startsWith('version https://git-lfs')) {
    throw new LabError('model-invalid.lfs');
  }
  if (head.startsWith('<!doctype') || head.startsWith('<html')) {
    throw new LabError('model-invalid.page');
  }
}

function readNode(parent: Fields, depth: number): OnnxNode {
  const fields = parent.nested();
  let name = '';
  let op = '';
  let domain = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: OnnxAttribute[] = [];
  const captured: string[] = [];
  while (fields.next()) {
    if (fields.field === NODE.input) inputs.push(fields.text());
    else if (fields.field === NODE.output) outputs.push(fields.text());
    else if (fields.field === NODE.name) name = fields.text();
    else if (fields.field === NODE.op) op = fields.text();
    else if (fields.field === NODE.domain) domain = fields.text();
    else if (fields.field === NODE.attribute) attributes.push(readAttribute(fields, captured, depth));
  }
  return { name, op, domain, inputs, outputs, attributes, captured, span: parent.span() };
}

function readAttribute(parent: Fields, captured: string[], depth: number): OnnxAttribute {
  const fields = parent.nested();
  let name = '';
  let int: number | null = null;
  let string: string | null = null;
  let tensor: OnnxTensor | null = null;
  let graph: Span | null = null;
  const ints: number[] = [];
  while (fields.next()) {
    if (fields.field === ATTRIBUTE.name) name = fields.text();
    else if (fields.field === ATTRIBUTE.int) int = fields.integer();
    else if (fields.field === ATTRIBUTE.ints) fields.integers(ints);
    else if (fields.field === ATTRIBUTE.string) string = fields.text();
    else if (fields.field === ATTRIBUTE.tensor) tensor = readTensor(fields);
    else if (fields.field === ATTRIBUTE.graph || fields.field === ATTRIBUTE.graphs) {
      readSubgraph(fields, captured, depth + 1);
      if (fields.field === ATTRIBUTE.graph) graph = fields.span();
    }
  }
  return { name, int, ints, string, tensor, graph };
}

/** Collects the tensor names that a subgraph mentions: its nodes' inputs and its own outputs. */
function readSubgraph(parent: Fields, captured: string[], depth: number): void {
  if (depth > MAX_DEPTH) throw invalid(parent.start, message('onnx.deep', { most: MAX_DEPTH }));
  for (const fields = parent.nested(); fields.next();) {
    if (fields.field === GRAPH.node) {
      const node = readNode(fields, depth);
      captured.push(...node.inputs, ...node.captured);
    } else if (fields.field === GRAPH.output) captured.push(readValue(fields).name);
  }
}

function readTensor(parent: Fields): OnnxTensor {
  const fields = parent.nested();
  let name = '';
  let type = 0;
  let raw: Span | null = null;
  let location = 0;
  const dims: number[] = [];
  const floats: Span[] = [];
  const int32s: number[] = [];
  const entries = new Map<string, string>();
  while (fields.next()) {
    if (fields.field === TENSOR.dims) fields.integers(dims);
    else if (fields.field === TENSOR.type) type = fields.integer();
    else if (fields.field === TENSOR.name) name = fields.text();
    else if (fields.field === TENSOR.raw) {
      fields.expect(WIRE_BYTES);
      raw = fields.span();
    } else if (fields.field === TENSOR.floats) {
      // proto3 packs repeated floats, but a reader must take them one by one as well.
      if (fields.wire !== WIRE_FIXED32) fields.expect(WIRE_BYTES);
      floats.push(fields.span());
    } else if (fields.field === TENSOR.int32s) fields.integers(int32s);
    else if (fields.field === TENSOR.location) location = fields.integer();
    else if (fields.field === TENSOR.external) {
      let key = '';
      let value = '';
      for (const entry = fields.nested(); entry.next();) {
        if (entry.field === 1) key = entry.text();
        else if (entry.field === 2) value = entry.text();
      }
      entries.set(key, value);
    }
  }
  const external =
    location === LOCATION_EXTERNAL
      ? {
          path: entries.get('location') ?? '',
          offset: Number(entries.get('offset') ?? 0),
          length: entries.has('length') ? Number(entries.get('length')) : null,
        }
      : null;
  return { name, dims, elementType: elementTypeName(type), raw, floats, int32s, external, span: parent.span() };
}

function readValue(parent: Fields): OnnxValue {
  let name = '';
  let type = 0;
  const dims: Dim[] = [];
  for (const fields = parent.nested(); fields.next();) {
    if (fields.field === 1) name = fields.text();
    else if (fields.field === 2) {
      for (const typeProto = fields.nested(); typeProto.next();) {
        if (typeProto.field !== 1) continue; // sequences, maps and optionals: not tensors
        for (const tensor = typeProto.nested(); tensor.next();) {
          if (tensor.field === 1) type = tensor.integer();
          else if (tensor.field === 2) {
            for (const shape = tensor.nested(); shape.next();) if (shape.field === 1) dims.push(readDim(shape));
          }
        }
      }
    }
  }
  return { name, elementType: elementTypeName(type), dims };
}

function readDim(parent: Fields): Dim {
  let dim: Dim = null;
  for (const fields = parent.nested(); fields.next();) {
    if (fields.field === 1) dim = fields.integer();
    else if (fields.field === 2) dim = fields.text();
  }
  return dim;
}
