/** The concept to steer: a preset, or contrast pairs of the visitor's own. */
import { useState, type FormEvent } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Experiment } from '../../experiment/schema';
import type { PairsReading } from '../../files/pairs';
import { usePreset } from '../state/catalog';
import { presetOf, setConcept } from '../state/concept';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { Segmented } from '../ui/Segmented';
import { PairsImport } from './PairsImport';
import { PresetChoice } from './PresetChoice';
import { WrittenPair } from './Prompting';
import { VectorImport } from './VectorImport';
import { lineOf, pairsOf, wordsOf as listOf } from './pairs-text';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

type Concept = Experiment['concept'];
type OwnConcept = Extract<Concept, { kind: 'pairs' }>;

export function ConceptEditor() {
  const words = useWords();
  const concept = useLab((s) => s.experiment.concept);
  const [kind, setKind] = useState(concept.kind);
  const fallback = presetOf(concept);
  const preset = usePreset(fallback);
  const first = concept.kind === 'pairs' ? concept.pairs[0] : preset.value?.pairs[0];
  return (
    <div className="concept-editor">
      <Segmented
        label={words.text('steer.concept.source')}
        value={kind}
        options={[
          { value: 'preset', label: words.text('steer.concept.preset') },
          { value: 'pairs', label: words.text('steer.concept.pairs') },
          { value: 'vector', label: words.text('steer.concept.vector') },
        ]}
        onChange={setKind}
      />
      {kind === 'preset' && <PresetChoice id={fallback} chosen={concept.kind === 'preset'} />}
      {first && kind !== 'preset' && <WrittenPair pair={first} />}
      {kind === 'pairs' && <OwnPairs start={concept.kind === 'pairs' ? concept : null} promptsFrom={fallback} />}
      {kind === 'vector' && (
        <VectorImport start={concept.kind === 'vector' ? concept : null} promptsFrom={fallback} onUse={setConcept} />
      )}
    </div>
  );
}

function OwnPairs({ start, promptsFrom }: { start: OwnConcept | null; promptsFrom: string }) {
  const words = useWords();
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
      setNegative(words.text('steer.pairs.not', { name }).slice(0, 60));
    }
    setError(null);
    setSaved(false);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    setSaved(false);
    try {
      const pairs = pairsOf(ups, downs);
      const names = [
        positive.trim() || words.text('steer.pairs.positive'),
        negative.trim() || words.text('steer.pairs.negative'),
      ];
      setConcept({
        kind: 'pairs',
        title: words.text('steer.pairs.title', { negative: names[1], positive: names[0] }),
        positive: names[0],
        negative: names[1],
        pairs,
        promptsFrom,
        positiveWords: listOf(upWords),
        negativeWords: listOf(downWords),
      });
      setError(null);
      setSaved(true);
    } catch (thrown) {
      setError(LabError.from(thrown).toJSON());
    }
  }

  const side = (
    name: 'positive' | 'negative',
    title: string,
    setTitle: (text: string) => void,
    text: string,
    setText: (text: string) => void,
    scored: string,
    setScored: (text: string) => void,
  ) => (
    <div className="pairs-side">
      <label>
        {words.text(`steer.pairs.${name}-side`)}
        <input
          value={title}
          maxLength={60}
          placeholder={words.text(`steer.pairs.${name}-example`)}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <label>
        {words.text('steer.pairs.examples')}
        <textarea
          className="serif"
          data-testid={`pairs-${name}`}
          rows={8}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <label>
        {words.text('steer.pairs.words')}
        <input value={scored} onChange={(event) => setScored(event.target.value)} />
      </label>
    </div>
  );

  return (
    <form onSubmit={submit}>
      <p>
        <Rich
          text="steer.pairs.how"
          params={{ escape: '\\n', preset: promptsFrom }}
          tags={{ code: (parts) => <code>{parts}</code> }}
        />
      </p>
      <PairsImport onTake={take} />
      <div className="pairs-sides">
        {side('positive', positive, setPositive, ups, setUps, upWords, setUpWords)}
        {side('negative', negative, setNegative, downs, setDowns, downWords, setDownWords)}
      </div>
      <div className="field-row">
        <button type="submit" className="strong">
          {words.text('steer.pairs.use')}
        </button>
        <span role="status" className="muted">
          {saved ? words.text('steer.pairs.in-use') : ''}
        </span>
      </div>
      {error && <ErrorNote error={error} />}
    </form>
  );
}
