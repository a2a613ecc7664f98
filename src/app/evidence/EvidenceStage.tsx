/** What came out, for someone who has to decide: the verdict, the arms, the costs, the texts, the files. */
import { useWords } from '../state/text';
import { useState } from 'react';
import { TESTED, type Arm } from '../../experiment/arms';
import type { ArmResult, EvidenceResult, Run } from '../../experiment/run';
import { nativeShareOf, outcomeName, reasonsOf, sentenceOf } from '../../experiment/verdict';
import { ExportPanel } from '../files/ExportPanel';
import { ARM_STYLES } from '../figures/arms';
import { METRICS, metricOf, SHOWN_METRICS } from '../../metrics';
import { Figure } from '../figures/Figure';
import { StageFrame } from '../ui/StageFrame';
import { useLab } from '../state/store';
import { useConceptPoles, type ConceptPoles } from '../state/concept-poles';
import { ArmMark } from '../figures/ArmMark';
import { Digest } from '../ui/Digest';
import { outcomeClass } from '../ui/VerdictLine';
import { Facts } from '../ui/Facts';
import { fixed, interval, percent, seconds, signed } from '../ui/format';

import type { Words } from '../../i18n/text';
import { ChainList } from './ChainList';
import '../figures/rates.css';
import './evidence.css';

export default function EvidenceStage() {
  const words = useWords();
  const stage = useLab((s) => s.stages.evidence);
  const current = useLab((s) => s.experiment);
  const run = useLab((s) => s.run);
  const ends = useConceptPoles(stage.experiment ?? current);
  const result = stage.result;
  return (
    <StageFrame stage="evidence" title={words.text('evidence.title')} lead={words.text('evidence.lead')}>
      {result && (
        <>
          <VerdictBlock result={result} />
          {result.verdict.chain && <ChainList chain={result.verdict.chain} />}
          <ArmsFigure arms={result.arms} ends={ends} />
          <Samples arms={result.arms} ends={ends} />
          {run && run.warnings.length > 0 && <Warnings warnings={run.warnings} />}
          {run && <Provenance run={run} />}
          {run && <ExportPanel run={run} recorded={stage.origin === 'recorded'} />}
        </>
      )}
    </StageFrame>
  );
}

function VerdictBlock({ result }: { result: EvidenceResult }) {
  const words = useWords();
  const { verdict } = result;
  const { usableWindow: window, chosenDose: dose, chain } = verdict;
  const ratio = nativeShareOf(result);
  return (
    <section
      className={`verdict ${outcomeClass(verdict)}`}
      data-testid="verdict"
      data-outcome={chain?.outcome ?? verdict.outcome}
      data-provisional={chain?.provisional}
    >
      <h2>{words.say(outcomeName(verdict))}</h2>
      <p className="verdict-sentence">{words.say(sentenceOf(verdict))}</p>
      <ul className="reasons">
        {reasonsOf(result).map((reason, i) => (
          <li key={i}>{words.say(reason)}</li>
        ))}
      </ul>
      <Facts
        facts={[
          {
            name: words.text('evidence.ratio'),
            value: ratio ? fixed(ratio.value) : words.text('evidence.ratio.not-estimable'),
            note: ratio
              ? words.text('evidence.ratio.interval', { interval: interval(ratio.interval) })
              : words.text(
                  chain
                    ? chain.share
                      ? 'evidence.ratio.not-estimable'
                      : 'evidence.ratio.unasked'
                    : 'evidence.ratio.none',
                ),
            help: words.text(chain ? 'evidence.ratio.share-help' : 'evidence.ratio.help'),
          },
          {
            name: words.text('evidence.dose'),
            value: words.text('evidence.dose.value', { r: fixed(dose.r) }),
            note: words.text('evidence.dose.note', { alpha: fixed(dose.alpha, 1), isoKl: fixed(dose.isoKl) }),
            help: words.text('evidence.dose.help'),
          },
          {
            name: words.text('evidence.window'),
            value: words.text('evidence.window.value', {
              largest: window.largestR === null ? 'none' : fixed(window.largestR),
            }),
            note:
              window.maxPerplexityRatio === undefined
                ? words.text('evidence.window.note', { kl: fixed(window.maxP95Kl), rep3: fixed(window.maxRep3) })
                : words.text('evidence.window.note.fluent', {
                    ratio: fixed(window.maxPerplexityRatio),
                    unknown: window.maxUnknownWords === undefined ? 'none' : percent(window.maxUnknownWords, 1),
                    rep3: fixed(window.maxRep3),
                  }),
            help: words.text('evidence.window.help'),
          },
        ]}
      />
    </section>
  );
}

const towards = (words: Words, arm: ArmResult, ends: ConceptPoles): string =>
  arm.direction === 'none'
    ? words.text('evidence.unsteered')
    : arm.direction === 'positive'
      ? words.text('evidence.toward', { side: ends.positive })
      : words.text('evidence.toward', { side: ends.negative });

function ArmsFigure({ arms, ends }: { arms: ArmResult[]; ends: ConceptPoles }) {
  const words = useWords();
  return (
    <Figure
      name="arms"
      className="arms-figure"
      title={words.text('evidence.arms')}
      caption={words.text('evidence.arms.caption', { side: ends.positive })}
      table={{
        head: ['arm', 'direction', 'r', 'alpha', 'rate', 'low', 'high', 'n', ...METRICS.map(({ column }) => column)],
        rows: arms.map((a) => [
          a.name,
          a.direction,
          a.dose.r,
          a.dose.alpha,
          a.conceptRate.value,
          ...a.conceptRate.interval,
          a.conceptRate.n,
          ...METRICS.map(({ id }) => a.metrics[id] ?? ''),
        ]),
      }}
      cursor={[
        {
          name: words.text('evidence.arms.series'),
          points: arms.map((a) => ({
            label: words.text('evidence.arms.point', {
              arm: ARM_STYLES[a.name].name,
              towards: towards(words, a, ends),
              rate: percent(a.conceptRate.value),
              interval: interval(a.conceptRate.interval),
              n: a.conceptRate.n,
            }),
          })),
        },
      ]}
    >
      <div className="table-scroll">
        <table className="arms-table">
          <thead>
            <tr>
              <th scope="col">{words.text('evidence.column.arm')}</th>
              <th scope="col" className="direction">
                {words.text('evidence.column.direction')}
              </th>
              <th scope="col" className="num dose-cell">
                {words.text('evidence.column.r')}
              </th>
              <th scope="col" className="num">
                {words.text('evidence.column.rate')}
              </th>
              <th scope="col" className="rate-scale">
                <span>0</span>
                <span>50</span>
                <span>{percent(1)}</span>
              </th>
              <th scope="col" className="num">
                {words.text('evidence.column.n')}
              </th>
              {SHOWN_METRICS.map(({ id }) => (
                <th key={id} scope="col" className="num" title={words.text(`metric.${id}.help`)}>
                  {words.text(`metric.${id}.name`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {arms.map((arm, i) => (
              <tr
                key={`${arm.name}${arm.direction}`}
                className={i > 0 && arms[i - 1].name !== arm.name ? 'group' : undefined}
              >
                <th scope="row">
                  <ArmMark arm={arm.name} />
                  {ARM_STYLES[arm.name].name}
                  <span className="arm-direction" aria-hidden="true">
                    {towards(words, arm, ends)}
                  </span>
                </th>
                <td className="direction">{towards(words, arm, ends)}</td>
                <td className="num dose-cell">{arm.direction === 'none' ? '' : signed(arm.dose.r)}</td>
                <td className="num">{percent(arm.conceptRate.value)}</td>
                <td className="rate-cell">
                  <RateBar arm={arm.name} value={arm.conceptRate.value} range={arm.conceptRate.interval} />
                </td>
                <td className="num">{arm.conceptRate.n}</td>
                {SHOWN_METRICS.map(({ id, digits }) => (
                  <td key={id} className="num">
                    {fixed(metricOf(arm.metrics, id), digits)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Figure>
  );
}

/** A point with its interval on a scale from 0 to 1. */
function RateBar({ arm, value, range }: { arm: Arm; value: number; range: [number, number] }) {
  return (
    <span className="rate-bar" aria-hidden="true" style={{ '--arm': `var(${ARM_STYLES[arm].color})` }}>
      <i className="rate-range" style={{ left: `${range[0] * 100}%`, width: `${(range[1] - range[0]) * 100}%` }} />
      <i className="rate-mark" style={{ left: `${value * 100}%` }}>
        <ArmMark arm={arm} />
      </i>
    </span>
  );
}

function Samples({ arms, ends }: { arms: ArmResult[]; ends: ConceptPoles }) {
  const words = useWords();
  const [open, setOpen] = useState(`${TESTED}positive`);
  const keyOf = (arm: ArmResult): string => arm.name + arm.direction;
  const chosen = arms.find((arm) => keyOf(arm) === open) ?? arms[0];
  return (
    <section className="samples">
      <div className="samples-head">
        <h3>{words.text('evidence.read')}</h3>
        <label>
          <span className="visually-hidden">{words.text('evidence.column.arm')}</span>
          <select value={keyOf(chosen)} onChange={(event) => setOpen(event.target.value)}>
            {arms.map((arm) => (
              <option key={keyOf(arm)} value={keyOf(arm)}>
                {words.text('evidence.read.option', {
                  arm: ARM_STYLES[arm.name].name,
                  towards: towards(words, arm, ends),
                })}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="samples-texts">
        {chosen.samples.map((text, i) => (
          <p key={i} className="serif">
            {text}
          </p>
        ))}
      </div>
    </section>
  );
}

function Warnings({ warnings }: { warnings: Run['warnings'] }) {
  const words = useWords();
  return (
    <section className="warnings">
      <h3>{words.text('evidence.warnings')}</h3>
      <ul>
        {warnings.map(({ message }, i) => (
          <li key={i}>{words.say(message)}</li>
        ))}
      </ul>
    </section>
  );
}

function Provenance({ run }: { run: Run }) {
  const words = useWords();
  return (
    <section className="run-facts">
      <h3>{words.text('evidence.made')}</h3>
      <Facts
        facts={[
          {
            name: words.text('evidence.made.backend'),
            value: words.text(`ui.backend.${run.device.backend}`),
            note: run.device.adapter,
          },
          {
            name: words.text('evidence.made.took'),
            value: run.timings.total === undefined ? '–' : seconds(run.timings.total),
            note: words.text('evidence.made.all-stages'),
          },
          {
            name: words.text('evidence.made.experiment'),
            value: <Digest value={run.experimentDigest} of={words.text('evidence.made.settings')} />,
            note: words.text('evidence.made.digest'),
          },
          {
            name: words.text('evidence.made.lab'),
            value: run.app.version,
            note: Object.entries(run.device.versions)
              .map(([name, version]) => `${name} ${version}`)
              .join(' · '),
          },
        ]}
      />
    </section>
  );
}
