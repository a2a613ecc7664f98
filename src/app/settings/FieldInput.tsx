/** One field of the form. A value that the schema refuses is shown with its message and not used. */
import { useId, useState } from 'react';
import { problemList } from '../../experiment/problems';
import { experimentProblems } from '../../experiment/schema';
import { useWords } from '../state/text';
import { useCorpora, useFamily } from '../state/catalog';
import { setExperiment, useLab } from '../state/store';
import { Help } from '../ui/Help';
import { shapeOf } from '../state/stages';
import { effectOf } from './effect';
import { helpKeyOf, labelKeyOf, valueAt, withValue, type Field } from './fields';

export function FieldInput({ field }: { field: Field }) {
  const words = useWords();
  const id = useId();
  const label = words.text(labelKeyOf(field));
  const models = useLab((s) => s.stages.models.result);
  const experiment = useLab((s) => s.experiment);
  const value = valueAt(experiment, field.path);
  const [problem, setProblem] = useState<string | null>(null);

  function offer(next: unknown): void {
    // A bundled model is named by its id alone: the place of another model must not stay behind.
    const candidate =
      field.kind === 'model'
        ? withValue(experiment, `models.${field.side}`, { id: next, dtype: 'fp32' })
        : withValue(experiment, field.path, next);
    const [first] = experimentProblems(candidate);
    setProblem(first ? words.text('settings.problem', { problem: problemList([first]) }) : null);
    if (!first && JSON.stringify(next) !== JSON.stringify(value)) setExperiment(candidate);
  }

  return (
    <div className="field" data-field={field.path}>
      <label htmlFor={id}>{label}</label>
      <Help about={label}>
        {`${words.text(helpKeyOf(field))} ${words.say(effectOf(field.path, experiment, shapeOf(models)))}`}
      </Help>
      <span className="field-control">
        <Control field={field} id={id} value={value} onOffer={offer} invalid={problem !== null} />
        {field.kind === 'number' && field.unitKey && <span className="muted">{words.text(field.unitKey)}</span>}
      </span>
      {problem && (
        <p className="field-problem" role="alert" data-testid="error">
          {problem}
        </p>
      )}
    </div>
  );
}

interface ControlProps {
  field: Field;
  id: string;
  value: unknown;
  invalid: boolean;
  onOffer: (value: unknown) => void;
}

function Control({ field, id, value, invalid, onOffer }: ControlProps) {
  const words = useWords();
  switch (field.kind) {
    case 'number':
      return (
        <Draft
          id={id}
          text={String(value)}
          invalid={invalid}
          numeric
          onCommit={(text) => onOffer(text.trim() === '' ? text : Number(text))}
        />
      );
    case 'optional-number':
      return (
        <Draft
          id={id}
          text={value === undefined ? '' : String(value)}
          invalid={invalid}
          numeric
          onCommit={(text) => onOffer(text.trim() === '' ? undefined : Number(text))}
        />
      );
    case 'auto-number':
      return (
        <>
          <label className="auto">
            <input
              type="checkbox"
              checked={value === 'auto'}
              onChange={(event) => onOffer(event.target.checked ? 'auto' : field.start)}
            />
            {words.text('ui.automatic')}
          </label>
          {value === 'auto' ? (
            <input id={id} disabled value="" />
          ) : (
            <Draft
              id={id}
              text={String(value)}
              invalid={invalid}
              numeric
              onCommit={(text) => onOffer(text.trim() === '' ? text : Number(text))}
            />
          )}
        </>
      );
    case 'numbers':
      return (
        <Draft
          id={id}
          text={(value as number[]).join(', ')}
          invalid={invalid}
          onCommit={(text) =>
            onOffer(
              text
                .split(/[,;\s]+/)
                .filter((part) => part !== '')
                .map(Number),
            )
          }
        />
      );
    case 'text':
      return <Draft id={id} text={String(value)} invalid={invalid} onCommit={onOffer} />;
    case 'switch':
      return (
        <input id={id} type="checkbox" checked={value === true} onChange={(event) => onOffer(event.target.checked)} />
      );
    case 'choice':
      return (
        <Options
          id={id}
          value={String(value)}
          options={field.options.map((option) => ({ value: option.value, label: words.text(option.labelKey) }))}
          onOffer={onOffer}
        />
      );
    case 'model':
      return <ModelOptions id={id} value={String(value)} onOffer={onOffer} />;
    case 'dtype':
      return <DtypeOptions id={id} side={field.side} value={String(value)} onOffer={onOffer} />;
    case 'corpus':
      return <CorpusOptions id={id} value={String(value)} onOffer={onOffer} />;
  }
}

/** Text being typed, offered when it is left or Enter is pressed; follows the value when that changes (undo). */
function Draft({
  id,
  text,
  invalid,
  numeric = false,
  onCommit,
}: {
  id: string;
  text: string;
  invalid: boolean;
  numeric?: boolean;
  onCommit: (text: string) => void;
}) {
  const [draft, setDraft] = useState<string | null>(null);
  const [from, setFrom] = useState(text);
  if (from !== text) {
    setFrom(text);
    setDraft(null);
  }
  return (
    <input
      id={id}
      value={draft ?? text}
      inputMode={numeric ? 'decimal' : undefined}
      aria-invalid={invalid || undefined}
      data-settled={draft === null ? '' : undefined}
      className={numeric ? 'num' : undefined}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => draft !== null && onCommit(draft)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && draft !== null) onCommit(draft);
      }}
    />
  );
}

interface OptionsProps {
  id: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onOffer: (value: string) => void;
}

function Options({ id, value, options, onOffer }: OptionsProps) {
  // A value that the list does not have (yet) is still the value.
  const all = options.some((option) => option.value === value) ? options : [{ value, label: value }, ...options];
  return (
    <select id={id} value={value} onChange={(event) => onOffer(event.target.value)}>
      {all.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

function ModelOptions(props: Omit<OptionsProps, 'options'>) {
  const family = useFamily();
  return (
    <Options {...props} options={(family.value ?? []).map((model) => ({ value: model.id, label: model.title }))} />
  );
}

function CorpusOptions(props: Omit<OptionsProps, 'options'>) {
  const corpora = useCorpora();
  return (
    <Options {...props} options={(corpora.value ?? []).map((corpus) => ({ value: corpus.id, label: corpus.title }))} />
  );
}

function DtypeOptions({ side, ...props }: Omit<OptionsProps, 'options'> & { side: 'source' | 'target' }) {
  const family = useFamily();
  const model = useLab((s) => s.experiment.models[side]);
  // Of other models each precision is a download of its own: it is chosen where they are listed.
  const dtypes = model.location ? [] : (family.value?.find((each) => each.id === model.id)?.dtypes ?? []);
  return <Options {...props} options={dtypes.map((dtype) => ({ value: dtype, label: dtype }))} />;
}
