/** The affine map: which pair of blocks, how well it predicts held-out states, and against what control. */
import { useWords } from '../state/text';
import type { MapResult } from '../../experiment/run';
import { StageFrame } from '../shell/StageFrame';
import { useLab } from '../state/store';
import { Facts } from '../ui/Facts';
import { compact, count, fixed, seconds } from '../ui/format';
import { DimensionsFigure } from './DimensionsFigure';
import { KindsFigure } from './KindsFigure';
import { LambdaFigure } from './LambdaFigure';
import { LayerGrid } from './LayerGrid';
import { SpectrumFigure } from './SpectrumFigure';
import './map.css';

/** How far this run's solution and the double-precision one are apart. */
function agreement({ errorVsFloat64, auditRows, secondPass }: MapResult): string {
  return `differs from float64 by ${compact(errorVsFloat64)} on ${count(auditRows)} rows${secondPass ? '; in two passes' : ''}`;
}

export default function MapStage() {
  const stage = useLab((s) => s.stages.map);
  const models = useLab((s) => s.stages.models.result);
  const selfTest = useLab(
    (s) => (s.stages.map.origin === 'live' ? s.engine.device?.selfTest : s.run?.device.selfTest) ?? null,
  );
  const words = useWords();
  const map = stage.result;
  const source = models?.source.title ?? 'small';
  const target = models?.target.title ?? 'large';
  return (
    <StageFrame
      stage="map"
      title="A line between two worlds"
      lead="One matrix and one offset that take the small model’s states to the large model’s. Fitted on some texts, judged on others."
    >
      {map && (
        <>
          <Facts
            facts={[
              {
                name: 'Held-out R²',
                value: fixed(map.heldOutR2, 3),
                note: `shuffled pairs ${fixed(map.shuffledR2, 3)}`,
                help: 'Share of the variance of held-out large states that the map predicts; the control is the same map fitted to wrongly paired states.',
              },
              {
                name: 'Centred cosine',
                value: fixed(map.centredCosine, 3),
                note: 'held out',
                help: 'Mean cosine between predicted and true states after the mean is taken away; without centring it would flatter.',
              },
              {
                name: 'Median R² of a dimension',
                value: fixed(map.medianDimensionR2, 3),
                note: 'not carried by a few',
                help: 'R² of the middle dimension: a few very large dimensions cannot lift it.',
              },
              {
                name: 'Ridge weight λ',
                value: compact(map.lambda),
                note: words.say(map.lambdaRule),
                help: 'How strongly the map is held back from fitting noise, as a share of the mean variance.',
              },
              {
                name: 'Solved by',
                value: map.solver === 'wgsl' ? 'WebGPU kernels' : 'WASM and float64',
                note: agreement(map),
                help: `Which code solved the ridge system, and its relative error against a double-precision solution of the same rows.${map.secondPassReason ? ` The states were collected twice: ${words.say(map.secondPassReason)}.` : ''}`,
              },
              ...(selfTest
                ? [
                    {
                      name: 'Self-test',
                      value: selfTest.passed ? 'passed' : 'failed',
                      note: `${selfTest.cases.length} cases against float64 in ${seconds(selfTest.milliseconds)}`,
                      help: 'The products and fits of this device against double precision, run when the engine started. The table is under the engine’s name at the top.',
                    },
                  ]
                : []),
            ]}
          />
          <div className="map-figures">
            <LayerGrid map={map} source={source} target={target} />
            <LambdaFigure map={map} />
            {map.statistics && (
              <>
                <KindsFigure map={map} statistics={map.statistics} />
                <SpectrumFigure statistics={map.statistics} />
                <DimensionsFigure map={map} statistics={map.statistics} target={target} />
              </>
            )}
          </div>
        </>
      )}
    </StageFrame>
  );
}
