/** Whether the two models belong together: the verdict, its reasons, and how the positions of the two are paired. */
import type { Message } from '../../experiment/message';
import type { LabErrorJson } from '../../experiment/errors';
import type { HomologyReport } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { editExperiment, useLab } from '../state/store';
import { Segmented } from '../ui/Segmented';
import { SampleFigure } from './SampleFigure';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';

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
function consequence(words: Words, alignment: Alignment, sameIds: boolean): string {
  if (alignment === 'characters') return words.text('models.homology.by-characters');
  return sameIds ? words.text('models.homology.by-tokens') : words.text('models.homology.unpaired');
}

function titleOf(words: Words, { verdict, sameIds }: HomologyReport): string {
  if (verdict === 'homologous') return words.text('models.homology.homologous');
  if (verdict === 'related')
    return sameIds ? words.text('models.homology.related') : words.text('models.homology.related-by-characters');
  return sameIds ? words.text('models.homology.unlike') : words.text('models.homology.forced');
}

export function Homology({ report, refused = false }: { report: HomologyReport; refused?: boolean }) {
  const words = useWords();
  const alignment = useLab((s) => s.experiment.models.alignment);
  return (
    <section className="homology" aria-labelledby="homology-title" data-verdict={report.verdict}>
      <h2 id="homology-title">{refused ? words.text('models.homology.refused') : titleOf(words, report)}</h2>
      <ul className="checks">
        {report.checks.map((check, i) => (
          <li key={i} className={check.passed ? 'passed' : 'failed'}>
            <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
              {check.passed ? <path d="m2.5 7.5 3 3 6-7" /> : <path d="m3 3 8 8m0-8-8 8" />}
            </svg>
            <b>{words.say(check.name)}</b>
            <span>
              <span className="visually-hidden">
                {words.text(check.passed ? 'models.homology.passed' : 'models.homology.failed')}{' '}
              </span>
              {words.say(check.detail)}
            </span>
          </li>
        ))}
      </ul>
      <div className="field-row">
        <Segmented
          label={words.text('models.homology.pairing')}
          showLabel
          value={alignment}
          options={[
            { value: 'tokens', label: words.text('settings.models.alignment.option.tokens') },
            { value: 'characters', label: words.text('settings.models.alignment.option.characters') },
          ]}
          onChange={setAlignment}
        />
        <span className="muted">{consequence(words, alignment, report.sameIds)}</span>
      </div>
      {report.unsampled && (
        <p className="muted">{words.text('models.homology.unsampled', { reason: report.unsampled })}</p>
      )}
      {report.sample && <SampleFigure sample={report.sample} />}
    </section>
  );
}
