/** What was measured at the dose nearest to the thumb: how many texts it moves, and whether they are still texts. */
import { useMemo } from 'react';
import { TESTED } from '../../experiment/arms';
import type { EvidenceResult } from '../../experiment/run';
import { breaksLimit, FLUENCY_METRICS, metricOf } from '../../metrics';
import { nearestMeasured } from '../state/dose';
import { useLab } from '../state/store';
import { useWords } from '../state/text';
import { measureText, percent, signed } from '../ui/format';

interface Props {
  evidence: EvidenceResult;
  negative: string;
  positive: string;
}

export function DoseFigures({ evidence, negative, positive }: Props) {
  const words = useWords();
  const dose = useLab((s) => s.dose);
  const at = useMemo(() => nearestMeasured(evidence, TESTED, dose), [evidence, dose]);
  if (!at) return null;
  const { usableWindow } = evidence.verdict;
  const shown = FLUENCY_METRICS.flatMap((metric) => {
    const value = metricOf(at.metrics, metric.id);
    return value === null ? [] : [{ metric, value }];
  });
  return (
    <div className="dose-figures" data-testid="dose-figures">
      <p>{words.text('steer.figures.at', { r: signed(at.r), steered: String(at.r !== 0) })}</p>
      <dl>
        <div>
          <dt>{at.r < 0 ? negative : positive}</dt>
          <dd>{words.text('steer.figures.rate', { rate: percent(at.r < 0 ? at.negative : at.positive), n: at.n })}</dd>
        </div>
        {shown.map(({ metric, value }) => {
          const over = breaksLimit(
            { [metric.id]: value },
            { [metric.limit!.setting]: usableWindow[metric.limit!.setting] },
          );
          return (
            <div key={metric.id} title={words.text(`metric.${metric.id}.help`)}>
              <dt>{words.text(`metric.${metric.id}.name`)}</dt>
              <dd className={over ? 'over' : undefined}>
                {words.text('steer.figures.value', {
                  value: measureText(value, metric),
                  over: String(over),
                  limit: measureText(usableWindow[metric.limit!.setting] ?? null, metric),
                })}
              </dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}
