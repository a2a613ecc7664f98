/** The experiment's settings, one click away on every stage: as a form and as JSON. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { defaultExperiment, quickVariant } from '../../experiment/defaults';
import { digestOf } from '../../experiment/digest';
import { firstDifference } from '../../experiment/stage-inputs';
import { UndoRedo } from '../shell/UndoRedo';
import { shapeOf, STAGE_TITLES } from '../state/stages';
import { editExperiment, openExperiment, useLab } from '../state/store';
import { Digest } from '../ui/Digest';
import { Segmented } from '../ui/Segmented';
import { FieldInput } from './FieldInput';
import { GROUPS } from './fields';
import { JsonEditor } from './JsonEditor';
import './settings.css';

type View = 'form' | 'json';

export default function SettingsSheet() {
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
          <h2 id="settings-title">Settings</h2>
          <Segmented<View>
            label="Shown as"
            value={view}
            options={[
              { value: 'form', label: 'Form' },
              { value: 'json', label: 'JSON' },
            ]}
            onChange={setView}
          />
          <UndoRedo />
          <button type="button" className="quiet" data-testid="settings-close" onClick={close}>
            Close
          </button>
        </header>
        <p className="muted" role="status">
          {!shown
            ? 'There are no results yet: a run uses these settings.'
            : changed
              ? `Changed since the results on screen: a run starts again at ${STAGE_TITLES[changed]}.`
              : 'The results on screen were computed with these settings.'}
        </p>
        <p className="muted settings-digest" data-testid="settings-digest">
          Digest <Digest value={digest} of="these settings" />
          {parent && parent !== digest && (
            <span>
              {' '}
              made from <code title={parent}>{parent.slice(0, 12)}</code>
            </span>
          )}
        </p>
        {view === 'form' ? (
          <div className="groups">
            {GROUPS.map((group) => (
              <fieldset key={group.stage}>
                <legend>{STAGE_TITLES[group.stage]}</legend>
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
            Defaults
          </button>
          <button
            type="button"
            className="quiet"
            title="Small and middle model, fewer tokens and texts: for slow machines"
            onClick={() => editExperiment(quickVariant)}
          >
            Quick variant
          </button>
        </footer>
      </div>
    </dialog>
  );
}
