/** Remembers one value per name under a key made from everything that produced it. */
import { digestOf } from '../experiment/digest';

export class Memo {
  #entries = new Map<string, { key: string; value: unknown; dispose: (() => void | Promise<void>) | null }>();

  /** The remembered value if its key is unchanged, else null. */
  recall<T>(name: string, inputs: unknown): T | null {
    const entry = this.#entries.get(name);
    return entry && entry.key === digestOf(inputs) ? (entry.value as T) : null;
  }

  /** Remembers a value; what it replaces is disposed of first. */
  async keep<T>(
    name: string,
    inputs: unknown,
    value: T,
    dispose: (() => void | Promise<void>) | null = null,
  ): Promise<T> {
    await this.forget(name);
    this.#entries.set(name, { key: digestOf(inputs), value, dispose });
    return value;
  }

  async forget(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    await entry?.dispose?.();
  }

  async clear(): Promise<void> {
    for (const name of [...this.#entries.keys()].toReversed()) await this.forget(name);
  }
}
