/** Whether the two models belong together: the verdict, its reasons, and how the positions of the two are paired. */
import { useWords } from '../state/text';
import type { LabErrorJson } from '../../experiment/errors';
import type { Message } from '../../experiment/message';
import type { HomologyReport } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { editExperiment, useLab } from '../state/store';
import { Segmented } from '../ui/Segmented';
import { SampleFigure } from './SampleFigure';

type Alignment = Experiment['models']['alignment'];

function setAlignment(alignment: Alignment): void {
  editExperiment((e) => ({ ...e, models: { ...e.models, alignment } }));
}

/** A refused pair has no result: its checks come with the error. */
export function refusalOf(error: LabErrorJson): HomologyReport | null {
  if (error.code !== 'not-homologous') return null;
  const checksOf = (param: 'passed' | 'failed'): HomologyReport['checks'] => {
    const said = error.params?.[param];
    const messages = Array.isArray(said) ? said : [];
    return messages.map(({ params }) => ({
      name: params.name as Message,
      passed: param === 'passed',
      detail: params.detail as Message,
    }));
  };
  const checks = [...checksOf('failed'), ...checksOf('passed')];
  return { verdict: 'not-homologous', sameIds: false, checks, sample: null, unsampled: null };
}

/** What follows from the pairing that the settings ask for. */
function consequence(alignment: Alignment, sameIds: boolean): string {
  if (alignment === 'characters')
    return 'Each model reads its own tokens; positions are paired after which both have read the same characters. The share that finds a partner is shown with the activations.';
  return sameIds
    ? 'Both models read the same tokens: every position has its partner.'
    : 'The two cut texts differently, so their tokens cannot be paired one to one.';
}

function titleOf({ verdict, sameIds }: HomologyReport): string {
  if (verdict === 'homologous') return 'Homologous: a map between them can be fitted';
  if (verdict === 'related')
    return sameIds
      ? 'Related: the tokens agree, so a map can be fitted, but the models differ'
      : 'Related: their states are alike, but not their tokens; positions are paired by characters';
  return sameIds
    ? 'Not homologous: the tokens agree, but the states are not alike'
    : 'Not homologous: forced, with positions paired by characters';
}

export function Homology({ report, refused = false }: { report: HomologyReport; refused?: boolean }) {
  const alignment = useLab((s) => s.experiment.models.alignment);
  const words = useWords();
  return (
    <section className="homology" aria-labelledby="homology-title" data-verdict={report.verdict}>
      <h2 id="homology-title">{refused ? 'Not homologous: the lab refuses this pair' : titleOf(report)}</h2>
      <ul className="checks">
        {report.checks.map((check, i) => (
          <li key={i} className={check.passed ? 'passed' : 'failed'}>
            <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
              {check.passed ? <path d="m2.5 7.5 3 3 6-7" /> : <path d="m3 3 8 8m0-8-8 8" />}
            </svg>
            <b>{words.say(check.name)}</b>
            <span>
              <span className="visually-hidden">{check.passed ? 'Passed. ' : 'Failed. '}</span>
              {words.say(check.detail)}
            </span>
          </li>
        ))}
      </ul>
      <div className="field-row">
        <Segmented
          label="Pair positions"
          showLabel
          value={alignment}
          options={[
            { value: 'tokens', label: 'by tokens' },
            { value: 'characters', label: 'by characters' },
          ]}
          onChange={setAlignment}
        />
        <span className="muted">{consequence(alignment, report.sameIds)}</span>
      </div>
      {report.unsampled && <p className="muted">No sample of states was compared: {words.say(report.unsampled)}</p>}
      {report.sample && <SampleFigure sample={report.sample} />}
    </section>
  );
}
