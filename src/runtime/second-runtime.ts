/**
 * The second runtime: the same files through transformers.js's own `generate()`, on WASM in a heap of its own, whatever the
 * lab runs on. It shares with the lab's runtime the build of ONNX Runtime and nothing else: loading, feeds, cache, decoding
 * and sampling are the library's.
 */
import { message } from '../experiment/message';
import { throwIfAborted } from '../experiment/errors';
import { graphPath } from '../models/layout';
import { withRepository, type RepositoryFiles, type Transformers } from '../models/transformers';
import { exclusive, runtimeError, type Session } from './ort';
import type { Decoded, ModelFiles, ModelSource } from './types';

export interface SecondRuntimeOptions {
  maxNewTokens: number;
  signal: AbortSignal;
  /** Called before each step with the number of tokens written so far. */
  onStep: (done: number) => void;
}

type Generator = Awaited<ReturnType<Transformers['AutoModelForCausalLM']['from_pretrained']>>;

/**
 * Continues a prompt greedily with transformers.js.
 * @param files the model's, freshly read
 * @param ids of the prompt, special tokens included
 * @throws LabError `runtime-failed`, `out-of-memory`, `cancelled` (between two steps)
 */
export function generateGreedily(
  files: ModelFiles,
  dtype: ModelSource['dtype'],
  ids: readonly number[],
  { maxNewTokens, signal, onStep }: SecondRuntimeOptions,
): Promise<Decoded> {
  const { graph, external, small, config } = files;
  // generation_config.json is left out: what it says of sampling and penalties is not greedy.
  const repository: RepositoryFiles = new Map([...small, [graphPath(dtype), graph]]);
  return withRepository(repository, (library, id) =>
    exclusive(async () => {
      throwIfAborted(signal);
      const failures = new Failures();
      let model: Generator | null = null;
      try {
        model = await failures.whileCreating(() =>
          library.AutoModelForCausalLM.from_pretrained(id, {
            device: 'wasm',
            dtype,
            use_external_data_format: false,
            session_options: external.length > 0 ? { externalData: external } : {},
          }),
        );
        failures.whileRunning(model);
        let done = 0;
        const forward = model.forward.bind(model);
        model.forward = async (inputs) => {
          onStep(done++);
          // ONNX Runtime blocks the thread and resolves in microtasks: without this, no message would be read.
          await new Promise((resolve) => setTimeout(resolve));
          throwIfAborted(signal);
          return forward(inputs);
        };
        const prompt = new library.Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]);
        const written = (await model.generate({
          inputs: prompt,
          attention_mask: library.ones([1, ids.length]),
          max_new_tokens: maxNewTokens,
          do_sample: false,
          eos_token_id: config.eosIds.length > 0 ? config.eosIds : null,
        } as never)) as { tolist(): bigint[][] };
        const [all] = written.tolist();
        const fresh = all.slice(ids.length).map(Number);
        const ended = config.eosIds.includes(fresh[fresh.length - 1]);
        return { ids: ended ? fresh.slice(0, -1) : fresh, ended };
      } catch (error) {
        throw runtimeError(failures.first ?? error, message('runtime.transformers'));
      } finally {
        await model?.dispose();
      }
    }),
  );
}

/**
 * The library chains the sessions that it makes and runs, each on the one before, and a failed one refuses all that come
 * after it in this worker. So a failure is kept from the chain, and told here.
 */
class Failures {
  first: unknown = null;

  async #kept<T>(work: () => Promise<T>, stead: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.first ??= error;
      return stead;
    }
  }

  /** Sessions made meanwhile that fail are answered with an empty one, and then this throws. */
  async whileCreating<T>(work: () => Promise<T>): Promise<T> {
    const { InferenceSession } = await import('onnxruntime-web/webgpu');
    const create = InferenceSession.create;
    const none = { inputNames: [], outputNames: [], release: () => Promise.resolve() } as unknown as Session;
    InferenceSession.create = ((...args: Parameters<typeof create>) =>
      this.#kept(() => create.apply(InferenceSession, args), none as never)) as typeof create;
    try {
      const made = await work();
      if (this.first !== null) throw this.first;
      return made;
    } finally {
      InferenceSession.create = create;
    }
  }

  /** Runs that fail give no outputs, over which the library then falls. */
  whileRunning({ sessions }: { sessions: unknown }): void {
    for (const session of Object.values(sessions as Record<string, Session>)) {
      const run = session.run.bind(session) as Session['run'];
      session.run = ((feeds: never) => this.#kept(() => run(feeds), {})) as Session['run'];
    }
  }
}
