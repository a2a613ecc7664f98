/**
 * Reads, inspects and edits ONNX decoder graphs. Pure bytes in, bytes out: no DOM, no GPU, no runtime.
 */
export { drawSpine, findResidualStream, type ResidualPost, type ResidualStep, type ResidualStream } from './residual';
export { editGraph, type EditOptions, type EditedGraph, type EditedTensor } from './edit';
export { assertFinite, findNonFinite, type NonFinite } from './finite';
export type { GraphInfo } from './info';
export { readModel, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValue } from './model';
export type { Dim, ElementType } from './schema';
