/** What came out, for someone who has to decide: the verdict, the arms, the costs, the texts, the files. */
import { useWords } from '../state/text';
import { useState } from 'react';
import type { Arm, ArmResult, EvidenceResult, Run } from '../../experiment/run';
import { ExportPanel } from '../files/ExportPanel';
import { ARM_STYLES } from '../figures/arms';
import { METRICS, metricOf, SHOWN_METRICS } from '../../metrics';
import { Figure } from '../figures/Figure';
import { StageFrame } from '../ui/StageFrame';
import { useLab } from '../state/store';
import { useConceptPoles, type ConceptPoles } from '../state/concept-poles';
import { ArmMark } from '../figures/ArmMark';
import { Digest } from '../ui/Digest';
import { Facts } from '../ui/Facts';
import { fixed, interval, percent, signed } from '../ui/format';
import { OUTCOME_NAMES } from '../ui/VerdictLine';
import '../figures/rates.css';
import './evidence.css';

export default function EvidenceStage() {
  const stage = useLab((s) => s.stages.evidence);
  const current = useLab((s) => s.experiment);
  const run = useLab((s) => s.run);
  const ends = useConceptPoles(stage.experiment ?? current);
  const result = stage.result;
  return (
    <StageFrame
      stage="evidence"
      title="Does it carry across?"
      lead="Every arm at the chosen dose, on prompts that were held back from choosing it."
    >
      {result && (
        <>
          <VerdictBlock result={result} />
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
  const { usableWindow: window, chosenDose: dose, transferRatio: ratio } = verdict;
  return (
    <section className={`verdict outcome-${verdict.outcome}`} data-testid="verdict" data-outcome={verdict.outcome}>
      <h2>{OUTCOME_NAMES[verdict.outcome]}</h2>
      <p className="verdict-sentence">{words.say(verdict.sentence)}</p>
      <ul className="reasons">
        {verdict.reasons.map((reason, i) => (
          <li key={i}>{words.say(reason)}</li>
        ))}
      </ul>
      <Facts
        facts={[
          {
            name: 'Transfer ratio',
            value: ratio ? fixed(ratio.value) : '–',
            note: ratio ? `95 % ${interval(ratio.interval)}` : 'the native vector has no effect to compare with',
            help: 'Effect of the mapped vector over that of the native one, both less the effect of random vectors: 1 is as good as native.',
          },
          {
            name: 'Chosen dose',
            value: `r ${fixed(dose.r)}`,
            note: `α ${fixed(dose.alpha, 1)} · iso-KL ${fixed(dose.isoKl)}`,
            help: 'The stop in the usable window with the best effect both ways, chosen on the other half of the prompts.',
          },
          {
            name: 'Usable window',
            value: window.largestR === null ? 'none' : `up to r ${fixed(window.largestR)}`,
            note: `p95 KL ≤ ${fixed(window.maxP95Kl)} nat, rep-3 < ${fixed(window.maxRep3)}`,
            help: 'Doses whose side effects stay under both limits.',
          },
        ]}
      />
    </section>
  );
}

const towards = (arm: ArmResult, ends: ConceptPoles): string =>
  arm.direction === 'none'
    ? 'unsteered'
    : arm.direction === 'positive'
      ? `toward ${ends.positive}`
      : `toward ${ends.negative}`;

function ArmsFigure({ arms, ends }: { arms: ArmResult[]; ends: ConceptPoles }) {
  const words = useWords();
  return (
    <Figure
      name="arms"
      className="arms-figure"
      title="The arms"
      caption={`Share of continuations on the wanted side (for the unsteered models: on the side of “${ends.positive}”), with its 95 % Wilson interval.`}
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
          name: 'arms',
          points: arms.map((a) => ({
            label: `${ARM_STYLES[a.name].name}, ${towards(a, ends)}: ${percent(a.conceptRate.value)} ${interval(a.conceptRate.interval)}, n ${a.conceptRate.n}`,
          })),
        },
      ]}
    >
      <div className="table-scroll">
        <table className="arms-table">
          <thead>
            <tr>
              <th scope="col">Arm</th>
              <th scope="col" className="direction">
                Direction
              </th>
              <th scope="col" className="num dose-cell">
                r
              </th>
              <th scope="col" className="num">
                Rate
              </th>
              <th scope="col" className="rate-scale">
                <span>0</span>
                <span>50</span>
                <span>100 %</span>
              </th>
              <th scope="col" className="num">
                n
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
                    {towards(arm, ends)}
                  </span>
                </th>
                <td className="direction">{towards(arm, ends)}</td>
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
  const [open, setOpen] = useState('mappedpositive');
  const keyOf = (arm: ArmResult): string => arm.name + arm.direction;
  const chosen = arms.find((arm) => keyOf(arm) === open) ?? arms[0];
  return (
    <section className="samples">
      <div className="samples-head">
        <h3>Read some</h3>
        <label>
          <span className="visually-hidden">Arm</span>
          <select value={keyOf(chosen)} onChange={(event) => setOpen(event.target.value)}>
            {arms.map((arm) => (
              <option key={keyOf(arm)} value={keyOf(arm)}>
                {ARM_STYLES[arm.name].name}, {towards(arm, ends)}
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
      <h3>Refused, failed or doubtful</h3>
      <ul>
        {warnings.map(({ message }, i) => (
          <li key={i}>{words.say(message)}</li>
        ))}
      </ul>
    </section>
  );
}

function Provenance({ run }: { run: Run }) {
  return (
    <section className="run-facts">
      <h3>How it was made</h3>
      <Facts
        facts={[
          { name: 'Backend', value: run.device.backend === 'webgpu' ? 'WebGPU' : 'WASM', note: run.device.adapter },
          {
            name: 'Took',
            value: run.timings.total === undefined ? '–' : `${fixed(run.timings.total / 1000, 1)} s`,
            note: 'all stages',
          },
          {
            name: 'Experiment',
            value: <Digest value={run.experimentDigest} of="the settings of this run" />,
            note: 'SHA-256 of the settings',
          },
          {
            name: 'Lab',
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
