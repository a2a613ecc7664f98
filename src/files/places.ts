/** Where another program finds a model of an experiment. */
import type { ModelRef } from '../experiment/model-ref';

export interface Place {
  /** What to hand to `from_pretrained`: a repository, or a folder that the user has to have. */
  id: string;
  /** Commit; null where there is none. */
  revision: string | null;
  /** What a reader must know; null where the id is enough. Never holds text of the model's. */
  note: string | null;
}

/** Repositories made for browsers hold ONNX alone; a PyTorch program needs the weights that they were made from. */
const ONNX_OWNERS = ['onnx-community', 'xenova'];

/** Names a model's place for a program that reads PyTorch weights. */
export function describePlace({ id, location }: ModelRef): Place {
  if (!location)
    return {
      id,
      revision: null,
      note: 'bundled with the lab as ONNX: give a folder of PyTorch weights with --model (the lab’s fixtures/files/bundled_weights.py makes it)',
    };
  if (location.kind === 'local')
    return { id, revision: null, note: 'opened from a folder in the page: give it with --model' };
  if (ONNX_OWNERS.includes(id.split('/')[0].toLowerCase()))
    return {
      id,
      revision: location.commit,
      note: 'a repository of ONNX files: give the one it was made from with --model',
    };
  return { id, revision: location.commit, note: null };
}
