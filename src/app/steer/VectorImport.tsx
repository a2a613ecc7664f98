/** A vector of the small model from a file, in place of pairs: looked at before it is taken. */
import { useState } from 'react';
import { toBase64 } from '../../experiment/base64';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Experiment } from '../../experiment/schema';
import { readVectorFile, type ReadVector } from '../../files/vector-files';
import { usePreset, usePresetIds } from '../state/catalog';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';

export type VectorConcept = Extract<Experiment['concept'], { kind: 'vector' }>;

interface Seen {
  title: string;
  format: string;
  vectors: ReadVector[];
}

interface Props {
  start: VectorConcept | null;
  promptsFrom: string;
  onUse: (concept: VectorConcept) => void;
}

export function VectorImport({ start, promptsFrom, onUse }: Props) {
  const [seen, setSeen] = useState<Seen | null>(null);
  const [chosen, setChosen] = useState(0);
  const [block, setBlock] = useState('');
  const [preset, setPreset] = useState(promptsFrom);
  const [error, setError] = useState<LabErrorJson | null>(null);
  const ids = usePresetIds();
  const ends = usePreset(preset).value?.concept ?? null;

  const choose = (vectors: readonly ReadVector[], i: number): void => {
    setChosen(i);
    setBlock(String(vectors[i].block ?? ''));
  };
  const open = async ([file]: File[]): Promise<void> => {
    try {
      const { format, vectors } = readVectorFile(new Uint8Array(await file.arrayBuffer()), file.name);
      setSeen({ title: file.name.replace(/\.[^.]+$/, '').slice(0, 120) || 'vector', format, vectors });
      // A file of the lab's holds the small model's vector under this name.
      choose(
        vectors,
        Math.max(
          0,
          vectors.findIndex(({ name }) => name === 'source'),
        ),
      );
      setError(null);
    } catch (thrown) {
      setSeen(null);
      setError(LabError.from(thrown).toJSON());
    }
  };
  const vector = seen?.vectors[chosen];
  const placed = /^\d{1,3}$/.test(block);
  return (
    <div className="vector-import">
      <p>
        The vector steers the small model, and is carried to the large one by the map, which then begins at the vector’s
        block. Prompts, scorer, and the pairs that give the large model’s own vector are a preset’s.
      </p>
      <FileDrop
        label="Choose a file"
        accept=".gguf,.svec,.safetensors"
        testId="vector-file"
        onFiles={(files) => void open(files)}
      >
        A GGUF control vector, a .svec, or safetensors with one-dimensional tensors.
      </FileDrop>
      {error && <ErrorNote error={error} />}
      {seen && vector && (
        <>
          <p role="status" data-testid="vector-seen">
            <b>{vector.name}</b> of a {seen.format} file: {vector.values.length} values
            {vector.modelType === null ? '' : `, made for “${vector.modelType}”`}.
          </p>
          <div className="field-row">
            {seen.vectors.length > 1 && (
              <label>
                Vector{' '}
                <select value={chosen} onChange={(event) => choose(seen.vectors, Number(event.target.value))}>
                  {seen.vectors.map(({ name }, i) => (
                    <option key={name} value={i}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <label>
              Block, from 0{' '}
              <input
                className="block-number"
                inputMode="numeric"
                value={block}
                aria-invalid={placed ? undefined : true}
                onChange={(event) => setBlock(event.target.value.trim())}
              />
            </label>
            <label>
              Prompts and scorer of{' '}
              <select value={preset} onChange={(event) => setPreset(event.target.value)}>
                {(ids.value ?? [preset]).map((id) => (
                  <option key={id} value={id}>
                    {id}
                  </option>
                ))}
              </select>
            </label>
            <button
              type="button"
              className="strong"
              data-testid="vector-use"
              disabled={!placed || !ends}
              onClick={() =>
                onUse({
                  kind: 'vector',
                  title: seen.title,
                  positive: ends!.positive,
                  negative: ends!.negative,
                  values: toBase64(vector.values),
                  block: Number(block),
                  promptsFrom: preset,
                })
              }
            >
              Use this vector
            </button>
          </div>
        </>
      )}
      {start && (
        <p className="muted" role="status">
          In use: “{start.title}”, of block {start.block}, with the prompts of “{start.promptsFrom}”.
        </p>
      )}
    </div>
  );
}
