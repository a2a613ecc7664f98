/** A vector of the small model from a file, in place of pairs: looked at before it is taken. */
import { useState } from 'react';
import { toBase64 } from '../../experiment/base64';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Experiment } from '../../experiment/schema';
import { readVectorFile, type ReadVector } from '../../files/vector-files';
import { usePreset, usePresetIds } from '../state/catalog';
import { ErrorNote } from '../ui/ErrorNote';
import { FileDrop } from '../ui/FileDrop';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

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
  const words = useWords();
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
      setSeen({
        title: file.name.replace(/\.[^.]+$/, '').slice(0, 120) || words.text('steer.vector-file.untitled'),
        format,
        vectors,
      });
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
      <p>{words.text('steer.vector-file.lead')}</p>
      <FileDrop
        label={words.text('steer.vector-file.choose')}
        accept=".gguf,.svec,.safetensors"
        testId="vector-file"
        onFiles={(files) => void open(files)}
      >
        {words.text('steer.vector-file.formats')}
      </FileDrop>
      {error && <ErrorNote error={error} />}
      {seen && vector && (
        <>
          <p role="status" data-testid="vector-seen">
            <Rich
              text="steer.vector-file.seen"
              params={{
                name: vector.name,
                format: seen.format,
                count: vector.values.length,
                model: vector.modelType ?? 'none',
              }}
              tags={{ b: (parts) => <b>{parts}</b> }}
            />
          </p>
          <div className="field-row">
            {seen.vectors.length > 1 && (
              <label>
                {words.text('steer.vector-file.vector')}{' '}
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
              {words.text('steer.vector-file.block')}{' '}
              <input
                className="block-number"
                inputMode="numeric"
                value={block}
                aria-invalid={placed ? undefined : true}
                onChange={(event) => setBlock(event.target.value.trim())}
              />
            </label>
            <label>
              {words.text('steer.vector-file.preset')}{' '}
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
              {words.text('steer.vector-file.use')}
            </button>
          </div>
        </>
      )}
      {start && (
        <p className="muted" role="status">
          {words.text('steer.vector-file.in-use', {
            title: start.title,
            block: start.block,
            preset: start.promptsFrom,
          })}
        </p>
      )}
    </div>
  );
}
