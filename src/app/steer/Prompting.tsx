/** Whether prompts and pairs go to the models as plain text or in their chat templates, and what that looks like. */
import { useEffect, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { RenderedPrompt } from '../../experiment/run';
import type { ContrastPair, Experiment } from '../../experiment/schema';
import { writtenTexts } from '../state/engine';
import { editExperiment, useLab } from '../state/store';
import { useWords } from '../state/text';
import { ErrorNote } from '../ui/ErrorNote';
import { Segmented } from '../ui/Segmented';
import { WrittenForBoth } from './Written';

type Prompting = Experiment['prompting'];

const setPrompting = (patch: Partial<Prompting>): void =>
  editExperiment((e) => ({ ...e, prompting: { ...e.prompting, ...patch } }));

/** Shown where there is a choice: both models have templates, or the settings ask for them. A template is suggested, never switched to. */
export function PromptingChoice() {
  const words = useWords();
  const prompting = useLab((s) => s.experiment.prompting);
  const models = useLab((s) => s.stages.models.result);
  const able = models !== null && models.source.chatTemplate && models.target.chatTemplate;
  if (!able && prompting.template === 'plain') return null;
  return (
    <div className="prompting">
      <Segmented
        label={words.text('steer.prompting')}
        showLabel
        value={prompting.template}
        options={[
          { value: 'plain', label: words.text('settings.prompting.template.option.plain') },
          { value: 'chat', label: words.text('settings.prompting.template.option.chat') },
        ]}
        onChange={(template) => setPrompting({ template })}
      />
      {prompting.template === 'plain' ? (
        <span className="muted">{words.text('steer.prompting.suggested')}</span>
      ) : (
        <label className="system">
          {words.text('steer.prompting.system')}
          <input
            value={prompting.system}
            maxLength={2000}
            placeholder={words.text('steer.prompting.no-system')}
            onChange={(event) => setPrompting({ system: event.target.value })}
          />
        </label>
      )}
    </div>
  );
}

/** A pair as the models are given it under the present settings. Asked of the engine when it is opened. */
export function WrittenPair({ pair }: { pair: ContrastPair }) {
  const words = useWords();
  const experiment = useLab((s) => s.experiment);
  const models = useLab((s) => s.stages.models.result);
  const [open, setOpen] = useState(false);
  const [found, setFound] = useState<Record<'source' | 'target', RenderedPrompt>[] | null>(null);
  const [error, setError] = useState<LabErrorJson | null>(null);
  const { positive, negative } = pair;
  useEffect(() => {
    if (!open) return;
    const abort = new AbortController();
    writtenTexts([positive, negative], abort.signal)
      .then((texts) => {
        if (abort.signal.aborted) return;
        setFound(texts);
        setError(null);
      })
      .catch((thrown: unknown) => {
        const failure = LabError.from(thrown);
        if (!abort.signal.aborted && failure.code !== 'cancelled') setError(failure.toJSON());
      });
    return () => abort.abort();
  }, [open, positive, negative, experiment.models, experiment.prompting, experiment.vector.readPosition]);
  const { prompting, vector } = experiment;
  const reading = words.text(`extract.reading.${prompting.template}.${vector.readPosition}`);
  const titles = {
    source: models?.source.title ?? words.text('steer.small-model'),
    target: models?.target.title ?? words.text('steer.large-model'),
  };
  return (
    <details className="reads" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.text('steer.read.first-pair')}</summary>
      <p className="muted">{reading}</p>
      {error ? (
        <ErrorNote error={error} />
      ) : found ? (
        <WrittenForBoth texts={found} titles={titles} />
      ) : (
        <p className="muted" role="status">
          {words.text('steer.read.asking')}
        </p>
      )}
    </details>
  );
}
