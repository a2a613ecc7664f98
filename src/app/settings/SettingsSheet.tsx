/** The experiment's settings, one click away on every stage: as a form and as JSON. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { defaultExperiment, quickVariant } from '../../experiment/defaults';
import { digestOf } from '../../experiment/digest';
import { firstDifference } from '../../experiment/stage-inputs';
import { shapeOf } from '../state/stages';
import { UndoRedo } from '../ui/UndoRedo';
import { editExperiment, openExperiment, useLab } from '../state/store';
import { Digest } from '../ui/Digest';
import { Segmented } from '../ui/Segmented';
import { FieldInput } from './FieldInput';
import { GROUPS } from './fields';
import { JsonEditor } from './JsonEditor';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';
import './settings.css';

type View = 'form' | 'json';

export default function SettingsSheet() {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const [view, setView] = useState<View>('form');
  const experiment = useLab((s) => s.experiment);
  const shown = useLab((s) => s.stages.evidence.experiment ?? s.stages.steer.experiment);
  const models = useLab((s) => s.stages.models.result);
  const changed = shown ? firstDifference(shown, experiment, shapeOf(models)) : null;

  const digest = useMemo(() => digestOf(experiment), [experiment]);
  const parent = useLab((s) => s.parent);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const close = (): void => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      className="sheet"
      aria-labelledby="settings-title"
      onClose={() => useLab.setState({ settingsOpen: false })}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div className="sheet-inner">
        <header className="sheet-head">
          <h2 id="settings-title">{words.text('settings.sheet.title')}</h2>
          <Segmented<View>
            label={words.text('settings.sheet.shown-as')}
            value={view}
            options={[
              { value: 'form', label: words.text('settings.sheet.form') },
              { value: 'json', label: words.text('settings.sheet.json') },
            ]}
            onChange={setView}
          />
          <UndoRedo />
          <button type="button" className="quiet" data-testid="settings-close" onClick={close}>
            {words.text('ui.close')}
          </button>
        </header>
        <p className="muted" role="status">
          {!shown
            ? words.text('settings.sheet.no-results')
            : changed
              ? words.text('settings.sheet.changed', { stage: words.text(`stage.${changed}`) })
              : words.text('settings.sheet.same')}
        </p>
        <p className="muted settings-digest" data-testid="settings-digest">
          <Rich
            text="settings.sheet.digest"
            tags={{ digest: () => <Digest value={digest} of={words.text('settings.sheet.these')} /> }}
          />
          {parent && parent !== digest && (
            <span>
              {' '}
              <Rich
                text="settings.sheet.parent"
                params={{ digest: parent.slice(0, 12) }}
                tags={{ code: (parts) => <code title={parent}>{parts}</code> }}
              />
            </span>
          )}
        </p>
        {view === 'form' ? (
          <div className="groups">
            {GROUPS.map((group) => (
              <fieldset key={group.stage}>
                <legend>{words.text(`stage.${group.stage}`)}</legend>
                {group.fields.map((field) => (
                  <FieldInput key={field.path} field={field} />
                ))}
              </fieldset>
            ))}
          </div>
        ) : (
          <JsonEditor />
        )}
        <footer className="sheet-foot">
          <button
            type="button"
            className="quiet"
            onClick={() =>
              openExperiment(
                defaultExperiment(
                  experiment.concept.kind === 'preset' ? experiment.concept.id : experiment.concept.promptsFrom,
                ),
                null,
              )
            }
          >
            {words.text('settings.sheet.defaults')}
          </button>
          <button
            type="button"
            className="quiet"
            title={words.text('settings.sheet.quick.title')}
            onClick={() => editExperiment(quickVariant)}
          >
            {words.text('settings.sheet.quick')}
          </button>
        </footer>
      </div>
    </dialog>
  );
}
