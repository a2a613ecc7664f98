/** What the chosen pair takes in memory, before it is loaded: shown where a model is not bundled. */
import { useEffect, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { memoryKey } from '../../experiment/stage-inputs';
import type { MemoryPlan, ResidenceChoice } from '../../worker/protocol';
import { chooseResidence, memoryPlan } from '../state/engine';
import { useModels } from '../state/models';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes } from '../ui/format';
import { Segmented } from '../ui/Segmented';

interface Answer {
  key: string;
  plan: MemoryPlan | null;
  error: LabErrorJson | null;
}

export function PairMemory() {
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
      <h2 id="memory-title">Memory for this pair</h2>
      {!bundled && !current && <p className="muted">Reading the configurations.</p>}
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
  const busy = useLab((s) => s.running !== null);
  const inTurn = choice === 'in turn' || (choice === 'auto' && plan?.fits === 'in turn');
  const needs = (value: number | undefined): string => (value === undefined ? '' : `: ${bytes(value)}`);
  return (
    <>
      <Segmented<ResidenceChoice>
        label="How the two models share the memory"
        value={choice}
        options={[
          { value: 'auto', label: 'Automatic', disabled: busy },
          { value: 'together', label: `Both in memory${needs(plan?.together)}`, disabled: busy },
          { value: 'in turn', label: `One after the other${needs(plan?.inTurn)}`, disabled: busy },
        ]}
        onChange={(next) => void chooseResidence(next)}
      />
      {inTurn && (
        <p className="muted" data-testid="in-turn">
          One after the other: the small model reads the corpus, and its states
          {plan && `, up to ${bytes(plan.onDisk)},`} wait on disk until the large one has read it too. The figures are
          the same. A run loads a model in place of the other six times; after it, each new prompt does once or twice.
          Dragging the dose stays instant.
        </p>
      )}
      {choice === 'together' && plan?.fits === 'in turn' && (
        <p className="unfit">
          This may be more than there is: if the memory runs out, the run ends with an error, or the browser ends the
          page.
        </p>
      )}
    </>
  );
}

const USES: Record<MemoryPlan['lines'][number]['use'], string> = {
  kept: ', kept',
  reading: ', while reading',
  writing: ', while writing',
  comparing: ', while comparing',
};

function Plan({ plan }: { plan: MemoryPlan }) {
  const size = (value: number): string => (value === 0 ? '–' : bytes(value));
  return (
    <>
      <p className={plan.fits === 'no' ? 'unfit' : undefined}>{plan.reason}</p>
      <details>
        <summary>How it adds up</summary>
        <p className="muted">
          What is kept adds up. Of the rest the largest use counts, since one model does one thing at a time.
          {plan.hard && ' Only what the runtime holds is counted against its limit.'}
        </p>
        <div className="table-scroll">
          <table className="data">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col" className="num">
                  Small
                </th>
                <th scope="col" className="num">
                  Large
                </th>
                <th scope="col" className="num">
                  Shared
                </th>
              </tr>
            </thead>
            <tbody>
              {plan.lines.map((line) => (
                <tr key={line.label}>
                  <th scope="row">
                    {line.label}
                    <span className="muted">
                      {USES[line.use]}
                      {line.estimated && ' (estimate)'}
                    </span>
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
