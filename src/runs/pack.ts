/** A run as the store keeps it: its JSON, gzipped, named by the digest of its canonical form. */
import { digestOf } from '../experiment/digest';
import { LabError } from '../experiment/errors';

export interface PackedRun {
  id: string;
  bytes: Uint8Array<ArrayBuffer>;
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** @param json plain JSON, in which nothing is NaN or undefined */
export async function packRun(json: object): Promise<PackedRun> {
  const bytes = await through(new TextEncoder().encode(JSON.stringify(json)), new CompressionStream('gzip'));
  return { id: digestOf(json), bytes };
}

/** The document that was packed. @throws LabError `run-damaged` where the bytes do not unpack to what the name says */
export async function unpackRun({ id, bytes }: PackedRun): Promise<object> {
  let json: unknown;
  try {
    json = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(await through(bytes, new DecompressionStream('gzip'))),
    );
  } catch (error) {
    throw new LabError('run-damaged.packed', { reason: error instanceof Error ? error.message : String(error) }, error);
  }
  if (json === null || typeof json !== 'object') throw new LabError('run-damaged.empty');
  const found = digestOf(json);
  if (found !== id) throw new LabError('run-damaged.digest', { said: id.slice(0, 12), found: found.slice(0, 12) });
  return json;
}
