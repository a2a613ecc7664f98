/** Starts ONNX Runtime on a backend and loads models with it. */
import { LabError, throwIfAborted } from '../experiment/errors';
import type { Backend } from '../experiment/run';
import { assertFinite, drawSpine, inspectDecoder, readDecoder, shuffleWeights } from '../onnx';
import { LoadedModel } from './model';
import { loadOrt } from './ort';
import { SessionPool } from './sessions';
import type { LanguageModel, LoadOptions, ModelSource, OpenModel, Runtime } from './types';

export { chooseBackend } from './backend';
export type { AdapterFacts, BackendDecision } from './backend';

export interface RuntimeOptions {
  backend: Backend;
  /** The device that our kernels use too; needed on WebGPU, ignored on WASM. */
  device: GPUDevice | null;
  /** Fetches and checks a model folder. */
  openModel: OpenModel;
  /** WebGPU, fused graphs: keep keys and values in buffers allocated once. Default true. */
  staticCache?: boolean;
}

/**
 * Starts ONNX Runtime on a backend.
 * @throws LabError `webgpu-missing` for WebGPU without a device, `runtime-failed` if ONNX Runtime does not load
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { backend, openModel, staticCache } = options;
  const device = backend === 'webgpu' ? options.device : null;
  if (backend === 'webgpu' && !device) {
    throw new LabError('webgpu-missing.device');
  }
  const ort = await loadOrt(backend);
  // Ignored by today's releases in favour of the provider's option; set so that a later one does not open a second device.
  if (device) (ort.env.webgpu as { device: unknown }).device = device;
  const models = new Set<LanguageModel>();

  const load = async (source: ModelSource, load: LoadOptions = {}): Promise<LanguageModel> => {
    if (source.dtype === 'fp16' || source.dtype === 'q4f16') requireHalf(source, device);
    const opened = await openModel(source, load);
    const files =
      load.shuffleSeed === undefined
        ? opened
        : { ...opened, ...shuffleWeights(opened, opened.config.hiddenSize, load.shuffleSeed) };
    throwIfAborted(load.signal);
    const decoder = readDecoder(files.graph);
    const external = new Map(files.external.map(({ path, data }) => [path, data]));
    for (const part of new Set([decoder.prompt, decoder.step])) assertFinite(part, external);
    const graph = inspectDecoder(decoder);
    checkConfig(source.id, files.config, graph);
    const pool = new SessionPool(ort, files, decoder, graph, source.id, backend, device, load.liveSessions);
    const model = new LoadedModel({
      ort,
      graph,
      merged: decoder.merged,
      pool,
      device,
      staticCache,
      config: files.config,
      tokenizer: files.tokenizer,
      info: {
        id: source.id,
        layers: graph.blocks,
        hiddenSize: graph.width,
        vocabSize: graph.vocabSize,
        style: graph.style,
        spine: drawSpine(decoder.step),
        files: files.files,
      },
      onDispose: () => models.delete(model),
    });
    models.add(model);
    return model;
  };

  return {
    backend,
    device,
    versions: { 'onnxruntime-web': ort.env.versions.web ?? 'unknown', 'onnxruntime-common': ort.env.versions.common },
    load,
    dispose: async () => {
      await Promise.all([...models].map((model) => model.dispose()));
    },
  };
}

/** float16 graphs fail at their first run, not at load, where the device lacks the feature: say so before the download. */
function requireHalf(source: ModelSource, device: GPUDevice | null): void {
  if (!device || device.features.has('shader-f16')) return;
  throw new LabError('graph-unsupported.float16', { id: source.id, precision: source.dtype });
}

/** The configuration and the graph must be of the same model. */
function checkConfig(
  id: string,
  config: { layers: number; hiddenSize: number; vocabSize: number },
  graph: { blocks: number; width: number; vocabSize: number },
): void {
  const pairs: [string, number, number][] = [
    ['blocks', config.layers, graph.blocks],
    ['hidden', config.hiddenSize, graph.width],
    ['vocabulary', config.vocabSize, graph.vocabSize],
  ];
  const wrong = pairs.find(([, said, found]) => said !== found);
  if (!wrong) return;
  throw new LabError('model-invalid.config-graph', { id, field: wrong[0], said: wrong[1], found: wrong[2] });
}
