/**
 * Reads, inspects and edits ONNX decoder graphs. Pure bytes in, bytes out: no DOM, no GPU, no runtime.
 */
export { readDecoder, type Decoder } from './decoder';
export { drawSpine, findResidualStream, type ResidualPost, type ResidualStep, type ResidualStream } from './residual';
export { editGraph, type EditOptions, type EditedGraph, type EditedTensor } from './edit';
export { INTERVENTIONS, type InterventionKind } from './interventions';
export type { EditedSteer } from './interventions/insert';
export { adds, type SteerSite } from './interventions/sites';
export { encodeGraph, type SmallGraph } from './encode';
export { assertFinite, findNonFinite, type NonFinite } from './finite';
export { inspectDecoder, type GraphInfo } from './info';
export { readGraph, readModel, type OnnxModel, type OnnxNode, type OnnxTensor, type OnnxValue } from './model';
export { encodeIntAttribute, encodeNode, type Dim, type ElementType } from './schema';
export { shuffleWeights, type WeightFiles } from './shuffle-weights';
export { WRITTEN_INPUT, writtenName } from './written';
