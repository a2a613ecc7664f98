/**
 * The one owner of the two models: who is in memory, and when. Where both fit they are loaded once and stay. Where they do
 * not, at most one is in memory: whoever asks for the other has this one unloaded first. The steps of the lab hold handles
 * (`source`, `target`), which are LanguageModels whose operations ask the owner; what a step must know of a model without
 * running it (its shape, configuration and tokenizer) stays at hand all the time.
 *
 * A swap takes as long as loading does, so steps do all they have for the model in memory first: `eachRole`,
 * `residentFirst`.
 */
import { LabError } from '../experiment/errors';
import type { Residence } from '../experiment/run';
import type { Decoded, DecodeOptions, LanguageModel, LoadOptions, SteeredBatch, TapBatch } from '../runtime/types';
import { message, type Message } from '../experiment/message';

export type Role = 'source' | 'target';

/** What the request that is being answered wants told, and how it is stopped. */
export interface PairRequest {
  signal: AbortSignal;
  /** Bytes of the model that is being loaded. */
  onLoading: (done: number, total: number, note: Message) => void;
}

/** How to load a model, from the start each time. */
export interface Loader {
  title: string;
  load: (options: LoadOptions) => Promise<LanguageModel>;
}

type Loaded = Partial<Record<Role, LanguageModel>>;

export class ModelPair {
  readonly residence: Residence;
  readonly source: LanguageModel;
  readonly target: LanguageModel;
  /** Times that a model was loaded in place of the other. */
  swaps = 0;
  #loaders: Record<Role, Loader>;
  #loaded: Loaded;
  #request: PairRequest;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(
    residence: Residence,
    loaders: Record<Role, Loader>,
    request: PairRequest,
    known: Record<Role, Known>,
    loaded: Loaded,
  ) {
    this.residence = residence;
    this.#loaders = loaders;
    this.#request = request;
    this.#loaded = loaded;
    this.source = new PairedModel(this, 'source', known.source);
    this.target = new PairedModel(this, 'target', known.target);
  }

  /**
   * Loads both models. In turn the target stays: the homology sample is read from it first, and then from the source, with
   * which the collection begins.
   * @throws LabError of loading; then neither is left in memory
   */
  static async load(residence: Residence, loaders: Record<Role, Loader>, request: PairRequest): Promise<ModelPair> {
    const loaded: Loaded = {};
    const known: Partial<Record<Role, Known>> = {};
    try {
      for (const role of ['source', 'target'] as const) {
        if (residence === 'sequential') await unloadAll(loaded);
        const model = await loadOne(loaders[role], request);
        loaded[role] = model;
        known[role] = { info: model.info, config: model.config, tokenizer: model.tokenizer };
      }
    } catch (error) {
      await unloadAll(loaded);
      throw error;
    }
    return new ModelPair(residence, loaders, request, known as Record<Role, Known>, loaded);
  }

  /** From now on loading is told to this request and stopped with it. */
  setRequest(request: PairRequest): void {
    this.#request = request;
  }

  /** Whether a model can be run without unloading the other. */
  isResident(role: Role): boolean {
    return this.residence === 'together' || this.#loaded[role] !== undefined;
  }

  /** Does the work for both roles, for the one in memory first. */
  async eachRole<T>(work: (role: Role) => Promise<T>): Promise<Record<Role, T>> {
    const done: Partial<Record<Role, T>> = {};
    const order: Role[] = this.isResident('source') ? ['source', 'target'] : ['target', 'source'];
    for (const role of order) done[role] = await work(role);
    return done as Record<Role, T>;
  }

  /**
   * Runs work with a model that is in memory until the work has ended. In turn, one work at a time: nothing is unloaded
   * under another. What the work returns must not need the model (on WebGPU the taps of `collect` live as long as it does).
   * @throws LabError of loading, `model-digest` where the files are not those of the first time
   */
  use<T>(role: Role, work: (model: LanguageModel) => Promise<T>): Promise<T> {
    if (this.residence === 'together') return this.#require(role).then(work);
    const turn = this.#tail.then(async () => work(await this.#require(role)));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Does work with another model of a role's form, whose weights were shuffled; it is freed when the work has ended.
   * @throws LabError of loading; `graph-unsupported.weights`
   */
  async withShuffled<T>(role: Role, seed: number, work: (model: LanguageModel) => Promise<T>): Promise<T> {
    const { signal } = this.#request;
    const model = await this.#loaders[role].load({ signal, shuffleSeed: seed });
    try {
      return await work(model);
    } finally {
      await model.dispose();
    }
  }

  /** Frees both models. */
  async dispose(): Promise<void> {
    await unloadAll(this.#loaded);
  }

  async #require(role: Role): Promise<LanguageModel> {
    const there = this.#loaded[role];
    if (there) return there;
    const other = role === 'source' ? 'target' : 'source';
    const { title } = this.#loaders[role];
    const unloaded = this.#loaded[other] ? this.#loaders[other].title : null;
    await unloadAll(this.#loaded);
    const model = await loadOne(this.#loaders[role], this.#request, (path) =>
      unloaded === null
        ? message('progress.loading', { title, path })
        : message('progress.swapping', { unloaded, title, path }),
    );
    const [now, first] = [model, this[role]].map(({ info }) =>
      info.files.map(({ path, sha256 }) => `${path} ${sha256}`).join('\n'),
    );
    if (now !== first) {
      await model.dispose();
      throw new LabError('model-digest.changed', { model: this.#loaders[role].title });
    }
    this.#loaded[role] = model;
    this.swaps++;
    return model;
  }
}

/** What stays at hand while a model is not in memory. */
type Known = Pick<LanguageModel, 'info' | 'config' | 'tokenizer'>;

/** A model of the pair, in memory or not. */
class PairedModel implements LanguageModel {
  readonly info: LanguageModel['info'];
  readonly config: LanguageModel['config'];
  readonly tokenizer: LanguageModel['tokenizer'];
  #pair: ModelPair;
  #role: Role;

  constructor(pair: ModelPair, role: Role, known: Known) {
    this.#pair = pair;
    this.#role = role;
    this.info = known.info;
    this.config = known.config;
    this.tokenizer = known.tokenizer;
  }

  get resident(): boolean {
    return this.#pair.isResident(this.#role);
  }

  collect(rows: readonly (readonly number[])[]): Promise<TapBatch> {
    return this.#pair.use(this.#role, (model) => model.collect(rows));
  }

  statesAt(block: number, batch: SteeredBatch): Promise<Float32Array[]> {
    return this.#pair.use(this.#role, (model) => model.statesAt(block, batch));
  }

  nextTokenLogits(batch: SteeredBatch): Promise<Float32Array> {
    return this.#pair.use(this.#role, (model) => model.nextTokenLogits(batch));
  }

  logits(batch: SteeredBatch): Promise<Float32Array[]> {
    return this.#pair.use(this.#role, (model) => model.logits(batch));
  }

  decode(batch: SteeredBatch, options: DecodeOptions): Promise<Decoded[]> {
    return this.#pair.use(this.#role, (model) => model.decode(batch, options));
  }

  /** The owner unloads. */
  dispose(): Promise<void> {
    throw new TypeError('A model of a pair is freed by its pair.');
  }
}

/** Items of models in memory before those of models that would have to be loaded; otherwise as they were. */
export function residentFirst<T>(items: readonly T[], modelOf: (item: T) => LanguageModel): T[] {
  const away = (item: T): number => {
    const model = modelOf(item);
    return model instanceof PairedModel && !model.resident ? 1 : 0;
  };
  return items.toSorted((a, b) => away(a) - away(b));
}

async function loadOne(
  { title, load }: Loader,
  { signal, onLoading }: PairRequest,
  noteOf: (path: string) => Message = (path) => message('progress.loading-first', { title, path }),
): Promise<LanguageModel> {
  return load({ signal, onProgress: (done, total, path) => onLoading(done, total, noteOf(path)) });
}

async function unloadAll(loaded: Loaded): Promise<void> {
  const models = [loaded.source, loaded.target];
  delete loaded.source;
  delete loaded.target;
  for (const model of models) await model?.dispose();
}
