/** Verify on this device: the steps with their verdicts, what each looked at, and the file to keep. */
import { useWords } from '../state/text';
import { STEPS, type Depth, type Step, type StepId, type Verification } from '../../experiment/share/verification';
import { downloadText } from '../figures/export';
import { ErrorNote } from '../ui/ErrorNote';
import { seconds } from '../ui/format';
import { progressText } from '../ui/ProgressLine';
import type { VerificationState } from './useVerification';
import { VerdictMark } from './VerdictMark';

const TITLES: Record<StepId, string> = {
  integrity: 'Integrity',
  artifacts: 'Artifacts',
  'self-test': 'This device',
  replay: 'Replay',
  refit: 'Refit',
  claims: 'Claims',
};
const WHAT: Record<StepId, string> = {
  integrity: 'The contents of the link are those that its digest is of.',
  artifacts: 'Models, corpus and preset here have the digests that the author’s had.',
  'self-test': 'Kernels against float64, 16-bit floats, and a model whose answers are known.',
  replay: 'The author’s tokens are forced through all arms, and their log-probabilities compared.',
  refit: 'Map and vector are computed again from the pinned corpus and seed.',
  claims: 'Each of the author’s figures beside the one found here.',
};

interface Props {
  state: VerificationState;
  onStart: (depth: Depth) => void;
  onCancel: () => void;
}

export function VerifyPanel({ state, onStart, onCancel }: Props) {
  const { status, result, error } = state;
  const busy = status === 'starting' || status === 'running';
  return (
    <section className="verify" aria-labelledby="verify-title">
      <h2 id="verify-title">Verify on this device</h2>
      <p className="muted">
        Quick replays the author’s tokens and refits the map. Full also writes and scores all continuations again.
        Nothing is downloaded: models that are not part of the lab must be here already.
      </p>
      <div className="verify-actions">
        {busy ? (
          <button type="button" className="strong" data-testid="verify-cancel" onClick={onCancel}>
            Cancel
          </button>
        ) : (
          <>
            <button type="button" className="strong" data-testid="verify-quick" onClick={() => onStart('quick')}>
              Verify, quick
            </button>
            <button type="button" data-testid="verify-full" onClick={() => onStart('full')}>
              Verify, full
            </button>
          </>
        )}
        {busy && (
          <span className="muted" role="status">
            {status === 'starting'
              ? 'Starting the engine'
              : state.progress
                ? `${state.progress.note}, ${progressText(state.progress)}`
                : state.running
                  ? TITLES[state.running]
                  : ''}
          </span>
        )}
      </div>
      {error && <ErrorNote error={error} />}
      {(busy || state.steps.length > 0) && (
        <ol className="verify-steps">
          {STEPS.map((id) => (
            <StepItem
              key={id}
              id={id}
              step={state.steps.find((step) => step.id === id) ?? null}
              running={state.running === id}
            />
          ))}
        </ol>
      )}
      {result && <Result result={result} />}
    </section>
  );
}

function StepItem({ id, step, running }: { id: StepId; step: Step | null; running: boolean }) {
  const words = useWords();
  const said = step?.error ? words.error(step.error) : null;
  return (
    <li data-step={id} data-verdict={step?.verdict ?? (running ? 'running' : 'waiting')}>
      <h3>{TITLES[id]}</h3>
      <span className="verify-mark">
        {step ? (
          <VerdictMark verdict={step.verdict} />
        ) : (
          <span className="muted">{running ? 'running' : 'waiting'}</span>
        )}
      </span>
      <div className="verify-what">
        <p>{said ? said.what : step ? step.summary : WHAT[id]}</p>
        {step?.error && said && (
          <p className="muted">
            {said.remedy} <code>{step.error.code}</code>
          </p>
        )}
        {step && step.checks.length > 0 && (
          <details>
            <summary>
              {step.checks.length} {step.checks.length === 1 ? 'check' : 'checks'}, {seconds(step.milliseconds)}
            </summary>
            <div className="table-scroll" tabIndex={0} role="region" aria-label={`${TITLES[id]}: checks`}>
              <table className="data checks">
                <thead>
                  <tr>
                    <th scope="col">What</th>
                    <th scope="col">Expected</th>
                    <th scope="col">Found</th>
                    <th scope="col">Verdict</th>
                  </tr>
                </thead>
                <tbody>
                  {step.checks.map((check, i) => (
                    <tr key={i}>
                      <th scope="row">{check.name}</th>
                      <td data-label="Expected">{check.expected}</td>
                      <td data-label="Found">{check.actual}</td>
                      <td>
                        <VerdictMark verdict={check.verdict} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </details>
        )}
      </div>
    </li>
  );
}

function Result({ result }: { result: Verification }) {
  const unrun = result.claims.filter(({ verdict }) => verdict === 'not run').length;
  return (
    <div
      className={`verify-result result-${result.verdict.replaceAll(' ', '-')}`}
      role="status"
      data-testid="verification"
      data-verdict={result.verdict}
    >
      <p className="verify-sentence">
        <VerdictMark verdict={result.verdict} /> on this device
        {unrun > 0 && result.verdict !== 'not run' ? `; ${unrun} of ${result.claims.length} claims were not run` : ''}.
      </p>
      <p className="muted">
        Verification <code data-testid="verification-digest">{result.digest.slice(0, 16)}</code> of document{' '}
        <code>{result.document.slice(0, 16)}</code>
      </p>
      <button
        type="button"
        data-testid="download-verification"
        onClick={() =>
          downloadText(
            JSON.stringify(result, null, 1),
            `verification-${result.digest.slice(0, 8)}.json`,
            'application/json',
          )
        }
      >
        verification.json
      </button>
    </div>
  );
}
