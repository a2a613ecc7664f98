/** What the chosen pair takes in memory, before it is loaded: shown where a model is not bundled. */
import { useEffect, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { memoryKey } from '../../experiment/stage-inputs';
import { useWords } from '../state/text';
import type { MemoryPlan, ResidenceChoice } from '../../worker/protocol';
import { chooseResidence, memoryPlan } from '../state/engine';
import { useModels } from '../state/models';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import { Rich } from '../ui/Rich';

interface Answer {
  key: string;
  plan: MemoryPlan | null;
  error: LabErrorJson | null;
}

export function PairMemory() {
  const words = useWords();
  const experiment = useLab((s) => s.experiment);
  const { models } = experiment;
  const backend = useLab((s) => s.backend);
  const residence = useLab((s) => s.residence);
  const stored = useModels((s) => s.stored.value);
  const folders = useModels((s) => s.folders);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const bundled = !models.source.location && !models.target.location;
  // A download that ended or a folder that was opened may be what was missing.
  const key = JSON.stringify([
    memoryKey(experiment),
    backend,
    stored?.models.map(({ commit, files }) => [commit, files.length]),
    folders.length,
  ]);

  useEffect(() => {
    if (bundled) return;
    const abort = new AbortController();
    const settle = (plan: MemoryPlan | null, error: LabErrorJson | null): void => {
      if (!abort.signal.aborted) setAnswer({ key, plan, error });
    };
    memoryPlan(useLab.getState().experiment, abort.signal).then(
      (plan) => settle(plan, null),
      (thrown: unknown) => settle(null, LabError.from(thrown).toJSON()),
    );
    return () => abort.abort();
  }, [key, bundled]);

  // Bundled models are small: there is nothing to choose, unless it was chosen before.
  if (bundled && residence === 'auto') return null;
  const current = answer?.key === key ? answer : null;
  return (
    <section
      className="pair-memory"
      aria-labelledby="memory-title"
      data-testid="memory"
      data-fits={current?.plan?.fits}
    >
      <h2 id="memory-title">{words.text('models.memory.title')}</h2>
      {!bundled && !current && <p className="muted">{words.text('models.memory.reading')}</p>}
      {current?.error && <ErrorNote error={current.error} />}
      {current?.plan && <Plan plan={current.plan} />}
      {!(current?.plan?.fits === 'no' && current.plan.hard) && (
        <Residence plan={current?.plan ?? null} choice={residence} />
      )}
    </section>
  );
}

/** Both in memory, or one after the other: the plan's choice unless the visitor makes one. */
function Residence({ plan, choice }: { plan: MemoryPlan | null; choice: ResidenceChoice }) {
  const words = useWords();
  const busy = useLab((s) => s.running !== null);
  const sequential = choice === 'sequential' || (choice === 'auto' && plan?.fits === 'sequential');
  const size = (value: number | undefined): string => (value === undefined ? 'unknown' : bytes(value));
  return (
    <>
      <Segmented<ResidenceChoice>
        label={words.text('models.memory.how')}
        value={choice}
        options={[
          { value: 'auto', label: words.text('models.memory.auto'), disabled: busy },
          {
            value: 'together',
            label: words.text('models.memory.together', { size: size(plan?.together) }),
            disabled: busy,
          },
          {
            value: 'sequential',
            label: words.text('models.memory.sequential', { size: size(plan?.sequential) }),
            disabled: busy,
          },
        ]}
        onChange={(next) => void chooseResidence(next)}
      />
      {sequential && (
        <p className="muted" data-testid="sequential">
          {words.text('models.memory.sequential-note', { size: size(plan?.onDisk) })}
        </p>
      )}
      {choice === 'together' && plan?.fits === 'sequential' && (
        <p className="unfit">{words.text('models.memory.risk')}</p>
      )}
    </>
  );
}

function Plan({ plan }: { plan: MemoryPlan }) {
  const words = useWords();
  const size = (value: number): string => (value === 0 ? '–' : bytes(value));
  return (
    <>
      <p className={plan.fits === 'no' ? 'unfit' : undefined}>{words.say(plan.reason)}</p>
      <details>
        <summary>{words.text('models.memory.sum')}</summary>
        <p className="muted">{words.text('models.memory.sum-note', { hard: plan.hard })}</p>
        <div className="table-scroll">
          <table className="data">
            <thead>
              <tr>
                <th scope="col">{words.text('models.memory.what')}</th>
                <th scope="col" className="num">
                  {words.text('ui.small')}
                </th>
                <th scope="col" className="num">
                  {words.text('ui.large')}
                </th>
                <th scope="col" className="num">
                  {words.text('models.memory.shared')}
                </th>
              </tr>
            </thead>
            <tbody>
              {plan.lines.map((line) => (
                <tr key={line.label.key}>
                  <th scope="row">
                    <Rich
                      text={`models.memory.use.${line.use}`}
                      params={{ what: line.label, estimated: line.estimated }}
                      tags={{ note: (parts) => <span className="muted">{parts}</span> }}
                    />
                  </th>
                  <td className="num">{size(line.source)}</td>
                  <td className="num">{size(line.target)}</td>
                  <td className="num">{size(line.shared)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
