/** The chain of questions: each with its mark, its sentence and its numbers against their thresholds. */
import type { Answer, Chain, ChainFigure, ChainStep } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { ArmMark } from '../figures/ArmMark';
import { ARM_STYLES } from '../figures/arms';
import { useWords } from '../state/text';
import { fixed, interval, signed } from '../ui/format';
import './chain.css';

/** What an answer looks like, beside its name for those who do not see it. */
const MARKS: Record<Answer, string> = {
  yes: '✓',
  one: '✓',
  no: '✗',
  undecided: '?',
  unmeasured: '–',
  unasked: '',
};
const RELATIONS = { 'at-least': '≥', 'at-most': '≤', above: '>' } as const;

export function ChainList({ chain }: { chain: Chain }) {
  const words = useWords();
  return (
    <section className="chain">
      <h3>{words.text('evidence.chain.title')}</h3>
      <ol data-testid="chain">
        {chain.steps.map((step) => (
          <Step key={step.question} step={step} />
        ))}
      </ol>
      {chain.compared.length > 0 && <Compared chain={chain} />}
    </section>
  );
}

function Step({ step }: { step: ChainStep }) {
  const words = useWords();
  const { question, answer, sentence, figures } = step;
  // The draws of the controls have a table of their own.
  const shown = question === 'controls' ? [] : figures;
  return (
    <li className={`chain-step answer-${answer}`} data-question={question} data-answer={answer}>
      <span className="chain-mark" role="img" aria-label={words.text(`evidence.chain.answer.${answer}`)}>
        {MARKS[answer]}
      </span>
      <div>
        <h4>{words.text(`evidence.chain.question.${question}`)}</h4>
        {answer !== 'unasked' && <p>{words.say(sentence)}</p>}
        {shown.length > 0 && (
          <ul className="chain-figures">
            {shown.map((figure, i) => (
              <li key={i}>
                <span>{words.say(figure.label)}</span> <FigureValue figure={figure} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

function FigureValue({ figure: { value, interval: range, threshold } }: { figure: ChainFigure }) {
  const digits = value !== 0 && Math.abs(value) < 0.01 ? 4 : 2;
  return (
    <span className="chain-value">
      <b>{fixed(value, digits)}</b>
      {range && ` ${interval(range)}`}
      {threshold && (
        <span className="muted">
          {' '}
          ({RELATIONS[threshold.relation]} {threshold.value})
        </span>
      )}
    </span>
  );
}

/** Every draw of every control, held against the mapped vector. */
function Compared({ chain }: { chain: Chain }) {
  const words = useWords();
  return (
    <Figure
      name="controls"
      title={words.text('evidence.controls')}
      caption={words.text('evidence.controls.caption', { prompts: chain.prompts })}
      table={{
        head: ['control', 'draw', 'n', 'positive', 'negative', 'effect', 'difference', 'low', 'high'],
        rows: chain.compared.map((row) => [
          row.arm,
          row.draw,
          row.n,
          row.positive,
          row.negative,
          row.effect,
          row.difference.value,
          ...row.difference.interval,
        ]),
      }}
      cursor={[
        {
          name: words.text('evidence.controls'),
          points: chain.compared.map((row) => ({
            label: words.text('evidence.controls.point', {
              arm: ARM_STYLES[row.arm].name,
              draw: row.draw,
              difference: signed(row.difference.value),
              interval: interval(row.difference.interval),
            }),
          })),
        },
      ]}
    >
      <div className="table-scroll">
        <table className="controls-table">
          <thead>
            <tr>
              <th scope="col">{words.text('evidence.controls.control')}</th>
              <th scope="col" className="num">
                {words.text('evidence.controls.draw')}
              </th>
              <th scope="col" className="num">
                {words.text('evidence.controls.effect')}
              </th>
              <th scope="col" className="num">
                {words.text('evidence.controls.difference')}
              </th>
            </tr>
          </thead>
          <tbody>
            {chain.compared.map((row) => (
              <tr key={`${row.arm}${row.draw}`} className={row.difference.interval[0] > 0 ? undefined : 'not-beaten'}>
                <th scope="row" title={ARM_STYLES[row.arm].help}>
                  <ArmMark arm={row.arm} /> {ARM_STYLES[row.arm].name}
                </th>
                <td className="num">{row.draw}</td>
                <td className="num">{row.n > 0 ? fixed(row.effect) : words.text('evidence.controls.none')}</td>
                <td className="num">
                  {signed(row.difference.value)} {interval(row.difference.interval)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}
