/** The affine map: which pair of blocks, how well it predicts held-out states, and against what control. */
import type { MapResult } from '../../experiment/run';
import { StageFrame } from '../ui/StageFrame';
import { useLab } from '../state/store';
import { Facts } from '../ui/Facts';
import { compact, count, fixed, seconds } from '../ui/format';
import { DimensionsFigure } from './DimensionsFigure';
import { KindsFigure } from './KindsFigure';
import { LambdaFigure } from './LambdaFigure';
import { LayerGrid } from './LayerGrid';
import { SpectrumFigure } from './SpectrumFigure';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';
import './map.css';

/** How far this run's solution and the double-precision one are apart. */
function agreement(words: Words, { errorVsFloat64, auditRows, secondPass }: MapResult): string {
  return words.text('map.agreement', {
    error: compact(errorVsFloat64),
    rows: count(auditRows),
    passes: secondPass ? 'two' : 'one',
  });
}

export default function MapStage() {
  const words = useWords();
  const stage = useLab((s) => s.stages.map);
  const models = useLab((s) => s.stages.models.result);
  const selfTest = useLab(
    (s) => (s.stages.map.origin === 'live' ? s.engine.device?.selfTest : s.run?.device.selfTest) ?? null,
  );
  const map = stage.result;
  const source = models?.source.title ?? words.text('map.small');
  const target = models?.target.title ?? words.text('map.large');
  return (
    <StageFrame stage="map" title={words.text('map.title')} lead={words.text('map.lead')}>
      {map && (
        <>
          <Facts
            facts={[
              {
                name: words.text('map.held-out-r2'),
                value: fixed(map.heldOutR2, 3),
                note: words.text('map.held-out-r2.note', { r2: fixed(map.shuffledR2, 3) }),
                help: words.text('map.held-out-r2.help'),
              },
              ...(map.tokens
                ? [
                    {
                      name: words.text('map.context-r2'),
                      value: fixed(map.tokens.contextR2, 3),
                      note: words.text('map.context-r2.note', { r2: fixed(map.tokens.meanR2, 3) }),
                      help: words.text('map.context-r2.help', {
                        train: map.tokens.rows.train,
                        heldOut: map.tokens.rows.heldOut,
                        known: map.tokens.rows.known,
                      }),
                    },
                  ]
                : []),
              {
                name: words.text('map.cosine'),
                value: fixed(map.centredCosine, 3),
                note: words.text('map.cosine.note'),
                help: words.text('map.cosine.help'),
              },
              {
                name: words.text('map.median-r2'),
                value: fixed(map.medianDimensionR2, 3),
                note: words.text('map.median-r2.note'),
                help: words.text('map.median-r2.help'),
              },
              {
                name: words.text('map.lambda-fact'),
                value: compact(map.lambda),
                note: words.say(map.lambdaRule),
                help: words.text('map.lambda-fact.help'),
              },
              {
                name: words.text('map.solver'),
                value: words.text(`map.solver.${map.solver}`),
                note: agreement(words, map),
                help: words.text('map.solver.help', { reason: map.secondPassReason ?? 'none' }),
              },
              ...(selfTest
                ? [
                    {
                      name: words.text('map.self-test'),
                      value: words.text(selfTest.passed ? 'map.self-test.passed' : 'map.self-test.failed'),
                      note: words.text('map.self-test.note', {
                        count: selfTest.cases.length,
                        time: seconds(selfTest.milliseconds),
                      }),
                      help: words.text('map.self-test.help'),
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
