/** Verify on this device: the steps with their verdicts, what each looked at, and the file to keep. */
import { STEPS, type Depth, type Step, type StepId, type Verification } from '../../experiment/share/verification';
import { downloadText } from '../figures/export';
import { useWords } from '../state/text';
import { ErrorNote } from '../ui/ErrorNote';
import { seconds } from '../ui/format';
import { progressText } from '../ui/ProgressLine';
import type { VerificationState } from './useVerification';
import { VerdictMark } from './VerdictMark';
import { Rich } from '../ui/Rich';

interface Props {
  state: VerificationState;
  onStart: (depth: Depth) => void;
  onCancel: () => void;
}

export function VerifyPanel({ state, onStart, onCancel }: Props) {
  const words = useWords();
  const { status, result, error } = state;
  const busy = status === 'starting' || status === 'running';
  return (
    <section className="verify" aria-labelledby="verify-title">
      <h2 id="verify-title">{words.text('review.verify')}</h2>
      <p className="muted">{words.text('review.verify.lead')}</p>
      <div className="verify-actions">
        {busy ? (
          <button type="button" className="strong" data-testid="verify-cancel" onClick={onCancel}>
            {words.text('shell.cancel')}
          </button>
        ) : (
          <>
            <button type="button" className="strong" data-testid="verify-quick" onClick={() => onStart('quick')}>
              {words.text('review.verify.quick')}
            </button>
            <button type="button" data-testid="verify-full" onClick={() => onStart('full')}>
              {words.text('review.verify.full')}
            </button>
          </>
        )}
        {busy && (
          <span className="muted" role="status">
            {status === 'starting'
              ? words.text('shell.starting')
              : state.progress
                ? words.text('review.progress', {
                    note: state.progress.note,
                    progress: progressText(words, state.progress),
                  })
                : state.running
                  ? words.text(`review.step.${state.running}`)
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
      <h3>{words.text(`review.step.${id}`)}</h3>
      <span className="verify-mark">
        {step ? (
          <VerdictMark verdict={step.verdict} />
        ) : (
          <span className="muted">{words.text(running ? 'shell.mark.running' : 'shell.mark.waiting')}</span>
        )}
      </span>
      <div className="verify-what">
        <p>{said ? said.what : step?.summary ? words.say(step.summary) : words.text(`review.step.${id}.what`)}</p>
        {step?.error && said && (
          <p className="muted">
            {said.remedy} <code>{step.error.code}</code>
          </p>
        )}
        {step && step.checks.length > 0 && (
          <details>
            <summary>
              {words.text('review.checks.summary', { count: step.checks.length, time: seconds(step.milliseconds) })}
            </summary>
            <div
              className="table-scroll"
              tabIndex={0}
              role="region"
              aria-label={words.text('review.checks.of', { step: words.text(`review.step.${id}`) })}
            >
              <table className="data checks">
                <thead>
                  <tr>
                    <th scope="col">{words.text('review.column.what')}</th>
                    <th scope="col">{words.text('review.column.expected')}</th>
                    <th scope="col">{words.text('review.column.found')}</th>
                    <th scope="col">{words.text('review.column.verdict')}</th>
                  </tr>
                </thead>
                <tbody>
                  {step.checks.map((check, i) => (
                    <tr key={i}>
                      <th scope="row">{words.say(check.name)}</th>
                      <td data-label={words.text('review.column.expected')}>{words.say(check.expected)}</td>
                      <td data-label={words.text('review.column.found')}>{words.say(check.actual)}</td>
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
  const words = useWords();
  const unrun = result.claims.filter(({ verdict }) => verdict === 'not run').length;
  return (
    <div
      className={`verify-result result-${result.verdict.replaceAll(' ', '-')}`}
      role="status"
      data-testid="verification"
      data-verdict={result.verdict}
    >
      <p className="verify-sentence">
        <Rich
          text="review.result"
          params={{ unrun: result.verdict === 'not run' ? 0 : unrun, claims: result.claims.length }}
          tags={{ verdict: () => <VerdictMark verdict={result.verdict} /> }}
        />
      </p>
      <p className="muted">
        <Rich
          text="review.result.document"
          params={{ digest: result.digest.slice(0, 16), document: result.document.slice(0, 16) }}
          tags={{
            digest: (parts) => <code data-testid="verification-digest">{parts}</code>,
            code: (parts) => <code>{parts}</code>,
          }}
        />
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
        {words.text('review.result.file')}
      </button>
    </div>
  );
}
