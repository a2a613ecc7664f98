/** The concept to steer: a preset, or contrast pairs of the visitor's own. */
import { useState, type FormEvent } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Experiment } from '../../experiment/schema';
import type { PairsReading } from '../../files/pairs';
import { usePreset, usePresetIds } from '../state/catalog';
import { editExperiment, useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { Segmented } from '../ui/Segmented';
import { PairsImport } from './PairsImport';
import { PairsRows } from './PairsRows';
import { WrittenPair } from './Prompting';
import { VectorImport } from './VectorImport';
import { lineOf, pairsOf, wordsOf } from './pairs-text';

type Concept = Experiment['concept'];
type OwnConcept = Extract<Concept, { kind: 'pairs' }>;

const nameOf = (concept: Concept): string => (concept.kind === 'preset' ? concept.id : concept.title);

/** Takes the concept into the settings, and into the title where that ends in the name of the one before. */
const setConcept = (concept: Concept): void =>
  editExperiment((e) => {
    const before = `: ${nameOf(e.concept)}`;
    const title = e.title.endsWith(before)
      ? `${e.title.slice(0, -before.length)}: ${nameOf(concept)}`.slice(0, 120)
      : e.title;
    // A vector is of one block: the map has to begin there.
    return { ...e, title, concept, map: concept.kind === 'vector' ? { ...e.map, sourceLayer: concept.block } : e.map };
  });

export function ConceptEditor() {
  const concept = useLab((s) => s.experiment.concept);
  const [kind, setKind] = useState(concept.kind);
  const fallback = concept.kind === 'preset' ? concept.id : concept.promptsFrom;
  const preset = usePreset(fallback);
  const first = concept.kind === 'pairs' ? concept.pairs[0] : preset.value?.pairs[0];
  return (
    <div className="concept-editor">
      <Segmented
        label="Where the concept comes from"
        value={kind}
        options={[
          { value: 'preset', label: 'A preset' },
          { value: 'pairs', label: 'Your own pairs' },
          { value: 'vector', label: 'A vector file' },
        ]}
        onChange={setKind}
      />
      {first && <WrittenPair pair={first} />}
      {kind === 'preset' && <PresetChoice id={fallback} chosen={concept.kind === 'preset'} />}
      {kind === 'pairs' && <OwnPairs start={concept.kind === 'pairs' ? concept : null} promptsFrom={fallback} />}
      {kind === 'vector' && (
        <VectorImport start={concept.kind === 'vector' ? concept : null} promptsFrom={fallback} onUse={setConcept} />
      )}
    </div>
  );
}

function PresetChoice({ id, chosen }: { id: string; chosen: boolean }) {
  const ids = usePresetIds();
  const preset = usePreset(id);
  const choices = ids.value ?? [id];
  return (
    <>
      <div className="field-row">
        <label htmlFor="preset">Preset</label>
        <select id="preset" value={id} onChange={(event) => setConcept({ kind: 'preset', id: event.target.value })}>
          {(choices.includes(id) ? choices : [id, ...choices]).map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        {!chosen && (
          <button type="button" onClick={() => setConcept({ kind: 'preset', id })}>
            Use this preset
          </button>
        )}
      </div>
      {preset.error && <p className="muted">{preset.error}</p>}
      {preset.value && (
        <>
          <p>
            <b>{preset.value.title}.</b> {preset.value.description}
            {preset.value.expect === 'fails' &&
              ' This one is here because it is expected to fail: a direction need not exist for everything.'}
          </p>
          <div
            className="table-scroll pairs-table"
            tabIndex={0}
            role="region"
            aria-label="Contrast pairs of the preset"
          >
            <table>
              <PairsRows pairs={preset.value.pairs} {...preset.value.concept} shown={40} />
            </table>
          </div>
          <p className="muted">
            {preset.value.pairs.length > 40
              ? `The first 40 of ${preset.value.pairs.length} pairs.`
              : `${preset.value.pairs.length} pairs.`}
          </p>
        </>
      )}
    </>
  );
}

function OwnPairs({ start, promptsFrom }: { start: OwnConcept | null; promptsFrom: string }) {
  const [positive, setPositive] = useState(start?.positive ?? '');
  const [negative, setNegative] = useState(start?.negative ?? '');
  const [ups, setUps] = useState(start?.pairs.map((pair) => lineOf(pair.positive)).join('\n') ?? '');
  const [downs, setDowns] = useState(start?.pairs.map((pair) => lineOf(pair.negative)).join('\n') ?? '');
  const [upWords, setUpWords] = useState(start?.positiveWords.join(', ') ?? '');
  const [downWords, setDownWords] = useState(start?.negativeWords.join(', ') ?? '');
  const [error, setError] = useState<LabErrorJson | null>(null);
  const [saved, setSaved] = useState(false);

  function take({ pairs, ends, concept: name }: PairsReading): void {
    setUps(pairs.map((pair) => lineOf(pair.positive)).join('\n'));
    setDowns(pairs.map((pair) => lineOf(pair.negative)).join('\n'));
    if (ends) {
      setPositive(ends.positive.slice(0, 60));
      setNegative(ends.negative.slice(0, 60));
    } else if (name !== null) {
      setPositive(name.slice(0, 60));
      setNegative(`not ${name}`.slice(0, 60));
    }
    setError(null);
    setSaved(false);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    setSaved(false);
    try {
      const pairs = pairsOf(ups, downs);
      const names = [positive.trim() || 'positive', negative.trim() || 'negative'];
      setConcept({
        kind: 'pairs',
        title: `${names[1]} → ${names[0]}`,
        positive: names[0],
        negative: names[1],
        pairs,
        promptsFrom,
        positiveWords: wordsOf(upWords),
        negativeWords: wordsOf(downWords),
      });
      setError(null);
      setSaved(true);
    } catch (thrown) {
      setError(LabError.from(thrown).toJSON());
    }
  }

  const side = (
    name: string,
    label: string,
    title: string,
    setTitle: (text: string) => void,
    text: string,
    setText: (text: string) => void,
    words: string,
    setWords: (text: string) => void,
  ) => (
    <div className="pairs-side">
      <label>
        {label} side, in a word
        <input
          value={title}
          maxLength={60}
          placeholder={name === 'positive' ? 'happy' : 'sad'}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <label>
        Examples, one a line
        <textarea
          className="serif"
          data-testid={`pairs-${name}`}
          rows={8}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <label>
        Words that count for this side, with commas
        <input value={words} onChange={(event) => setWords(event.target.value)} />
      </label>
    </div>
  );

  return (
    <form onSubmit={submit}>
      <p>
        Line 1 on the left is the partner of line 1 on the right: the same text but for the concept. A line break inside
        an example is written <code>\n</code>. Prompts and neutral texts come from the preset “{promptsFrom}”.
      </p>
      <PairsImport onTake={take} />
      <div className="pairs-sides">
        {side('positive', 'Positive', positive, setPositive, ups, setUps, upWords, setUpWords)}
        {side('negative', 'Negative', negative, setNegative, downs, setDowns, downWords, setDownWords)}
      </div>
      <div className="field-row">
        <button type="submit" className="strong">
          Use these pairs
        </button>
        <span role="status" className="muted">
          {saved ? 'In use. Press Run to compute with them.' : ''}
        </span>
      </div>
      {error && <ErrorNote error={error} />}
    </form>
  );
}
