/** The presets as cards: what each is about in two sentences, and what came out where it has been recorded. */
import type { RecordedEntry } from '../../experiment/recorded';
import type { Preset } from '../../experiment/schema';
import { firstDifference } from '../../experiment/stage-inputs';
import { isTransfer, outcomeName } from '../../experiment/verdict';
import { usePreset, usePresetIds } from '../state/catalog';
import { choosePreset, useRecordedIndex } from '../state/recorded';
import { useLab } from '../state/store';
import { useWords } from '../state/text';
import { percent } from '../ui/format';
import { Rich } from '../ui/Rich';
import { PairsRows } from './PairsRows';
import { WrittenPair } from './Prompting';
import './presets.css';

const SHOWN_PAIRS = 40;

/** @param id of the preset that the settings name @param chosen whether it is the concept, or lends only its prompts */
export function PresetChoice({ id, chosen }: { id: string; chosen: boolean }) {
  const words = useWords();
  const ids = usePresetIds();
  const recorded = useRecordedIndex();
  const preset = usePreset(id);
  const choices = ids.value ?? [id];
  return (
    <>
      <ul className="preset-cards" aria-label={words.text('steer.presets')}>
        {(choices.includes(id) ? choices : [id, ...choices]).map((each) => (
          <li key={each}>
            <PresetCard id={each} chosen={chosen && each === id} entry={recorded.value?.get(each) ?? null} />
          </li>
        ))}
      </ul>
      {preset.error && <p className="muted">{words.say(preset.error)}</p>}
      {recorded.error && <p className="muted">{words.say(recorded.error)}</p>}
      {chosen && recorded.value?.has(id) && <RecordedOffer id={id} />}
      {preset.value && <PresetPairs preset={preset.value} />}
    </>
  );
}

function PresetCard({ id, chosen, entry }: { id: string; chosen: boolean; entry: RecordedEntry | null }) {
  const words = useWords();
  const preset = usePreset(id).value;
  return (
    <button
      type="button"
      className="preset-card"
      data-testid={`preset-${id}`}
      aria-pressed={chosen}
      onClick={() => void choosePreset(id)}
    >
      <span className="preset-title">{preset?.title ?? id}</span>
      {preset && (preset.explains ? <Explains preset={preset} /> : <span className="muted">{preset.description}</span>)}
      <span className="preset-outcome">
        {entry && <Outcome entry={entry} preset={preset} />}
        {preset?.expect === 'fails' && <span className="preset-tag fails">{words.text('steer.preset.fails')}</span>}
        {preset?.needs && <span className="preset-tag">{words.text('steer.preset.general')}</span>}
        {!entry && !preset?.needs && <span className="muted">{words.text('steer.preset.unrecorded')}</span>}
      </span>
    </button>
  );
}

function Explains({ preset: { concept, explains } }: { preset: Preset }) {
  return (
    <span className="preset-explains">
      {(['positive', 'negative'] as const).map((side) => (
        <span key={side} className="preset-side">
          <span className="preset-pole">{concept[side]}</span>
          <span className="serif">{explains![side]}</span>
        </span>
      ))}
    </span>
  );
}

function Outcome({
  entry: { outcome, chain, rates, source, target },
  preset,
}: {
  entry: RecordedEntry;
  preset: Preset | null;
}) {
  const verdict = { outcome, chain: chain && { outcome: chain } };
  const { positive, negative } = preset?.concept ?? { positive: '+', negative: '−' };
  return (
    <span className={`preset-recorded outcome-${isTransfer(verdict) ? 'steers' : 'fails'}`}>
      <Rich
        text="steer.preset.recorded"
        params={{
          outcome: outcomeName(verdict),
          positive,
          negative,
          source,
          target,
          up: percent(rates.positive),
          down: percent(rates.negative),
        }}
        tags={{ b: (parts) => <b>{parts}</b>, muted: (parts) => <span className="muted">{parts}</span> }}
      />
    </span>
  );
}

/** Where other settings keep the recorded run off the screen: a way to see it. */
function RecordedOffer({ id }: { id: string }) {
  const words = useWords();
  const shown = useLab(
    ({ run, experiment, stages }) =>
      run !== null &&
      stages.evidence.origin !== null &&
      run.experiment.concept.kind === 'preset' &&
      run.experiment.concept.id === id &&
      firstDifference(run.experiment, experiment) === null,
  );
  const running = useLab((s) => s.running !== null);
  if (shown) return null;
  return (
    <p className="preset-offer">
      {words.text('steer.preset.other-settings')}{' '}
      <button
        type="button"
        className="quiet"
        disabled={running}
        data-testid="show-recorded"
        onClick={() => void choosePreset(id, 'recorded')}
      >
        {words.text('steer.preset.show-recorded')}
      </button>
    </p>
  );
}

function PresetPairs({ preset }: { preset: Preset }) {
  const words = useWords();
  const { pairs, concept } = preset;
  return (
    <>
      <p>
        <Rich
          text="steer.preset.about"
          params={{ title: preset.title, description: preset.description, fails: preset.expect === 'fails' }}
          tags={{ b: (parts) => <b>{parts}</b> }}
        />
      </p>
      <WrittenPair pair={pairs[0]} />
      <details className="preset-pairs">
        <summary>
          {pairs.length > SHOWN_PAIRS
            ? words.text('steer.preset.first-pairs', { shown: SHOWN_PAIRS, count: pairs.length })
            : words.text('steer.preset.all-pairs', { count: pairs.length })}
        </summary>
        <div
          className="table-scroll pairs-table"
          tabIndex={0}
          role="region"
          aria-label={words.text('steer.preset.pairs')}
        >
          <table>
            <PairsRows pairs={pairs} {...concept} shown={SHOWN_PAIRS} />
          </table>
        </div>
      </details>
    </>
  );
}
