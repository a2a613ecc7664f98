/** The centre of the lab: the dose ruler, the bars and the texts that answer it, and what they add up to. */
import { lazy, Suspense, useMemo, useState } from 'react';
import { unsteeredArm } from '../../experiment/arms';
import type { EvidenceResult, SteerResult } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { StageFrame } from '../ui/StageFrame';
import { useConceptPoles, type ConceptPoles } from '../state/concept-poles';
import { useLab, type StreamSet } from '../state/store';
import { seconds } from '../ui/format';
import { VerdictLine } from '../ui/VerdictLine';
import { DoseFigures } from './DoseFigures';
import { DoseRuler } from './DoseRuler';
import { fullScale, NextToken } from './NextToken';
import { OperationLine } from './OperationLine';
import { PromptBox } from './PromptBox';
import { Streams } from './Streams';
import { VectorCard } from './VectorCard';
import { useWords } from '../state/text';
import './concept.css';
import './prompts.css';
import './steer.css';
import './texts.css';

const DoseResponse = lazy(() => import('./DoseResponse').then((m) => ({ default: m.DoseResponse })));
const ConceptEditor = lazy(() => import('./ConceptEditor').then((m) => ({ default: m.ConceptEditor })));

export default function SteerStage() {
  const words = useWords();
  const [editing, setEditing] = useState(false);
  const stage = useLab((s) => s.stages.steer);
  const evidence = useLab((s) => s.stages.evidence.result);
  const current = useLab((s) => s.experiment);
  const experiment = stage.experiment ?? current;
  const ends = useConceptPoles(experiment);
  return (
    <StageFrame
      stage="steer"
      title={words.text('steer.title', { negative: ends.negative, positive: ends.positive })}
      lead={words.text('steer.lead')}
      aside={evidence && <VerdictLine verdict={evidence.verdict} />}
      actions={
        <button type="button" className="quiet" aria-expanded={editing} onClick={() => setEditing(!editing)}>
          {words.text(editing ? 'steer.concept.close' : 'steer.concept.change')}
        </button>
      }
    >
      {editing && (
        <Suspense fallback={null}>
          <ConceptEditor />
        </Suspense>
      )}
      {stage.result ? <Steering steer={stage.result} evidence={evidence} experiment={experiment} ends={ends} /> : null}
    </StageFrame>
  );
}

interface SteeringProps {
  steer: SteerResult;
  evidence: EvidenceResult | null;
  experiment: Experiment;
  ends: ConceptPoles;
}

function Steering({ steer, evidence, experiment, ends }: SteeringProps) {
  const words = useWords();
  const ownAxis = useLab((s) => s.ownAxis);
  const ownStreams = useLab((s) => s.ownStreams);
  const working = useLab((s) => s.prompting.status === 'working');
  const titles = useLab((s) => s.stages.models.result);
  const sequential = useLab((s) => s.stages.models.origin === 'live' && s.stages.models.result?.sequential != null);
  const axis = ownAxis ?? steer.axis;
  const full = useMemo(() => fullScale(axis), [axis]);
  const recorded = useMemo((): StreamSet | null => {
    const first = evidence?.streams[0];
    if (!evidence || !first) return null;
    return {
      prompt: first.prompt,
      byStop: new Map(evidence.streams.filter((s) => s.prompt === first.prompt).map((s) => [s.stop, s])),
    };
  }, [evidence]);
  const set = ownStreams ?? recorded;
  const stops = useMemo(
    () =>
      // Of a prompt of one's own the doses between the stops are there once they have been written.
      (ownStreams
        ? [...new Set([...axis.stops, ...ownStreams.byStop.keys()])]
        : recorded
          ? [...recorded.byStop.keys()]
          : [...axis.stops]
      ).sort((a, b) => a - b),
    [ownStreams, recorded, axis.stops],
  );
  const baseline = useMemo(() => {
    const rate = (model: 'source' | 'target'): number | null =>
      evidence?.arms.find((arm) => arm.name === unsteeredArm(model))?.positiveRate ?? null;
    return { small: rate('source'), large: rate('target') };
  }, [evidence]);
  return (
    <>
      <DoseRuler steer={steer} evidence={evidence} negative={ends.negative} positive={ends.positive} />
      {evidence && <DoseFigures evidence={evidence} negative={ends.negative} positive={ends.positive} />}
      <OperationLine transfer={experiment.transfer} />
      <PromptBox axis={axis} key={axis.prompt} />
      {sequential && (
        <p className="muted" data-testid="swaps">
          {words.text('steer.swaps', { time: seconds(axis.milliseconds) })}
        </p>
      )}
      <div className="next-tokens">
        <NextToken
          model="small"
          title={titles?.source.title ?? words.text('steer.small-model')}
          axis={axis}
          full={full}
        />
        <NextToken
          model="large"
          title={titles?.target.title ?? words.text('steer.large-model')}
          axis={axis}
          full={full}
        />
      </div>
      {set && (
        <Streams
          set={set}
          axisPrompt={axis.prompt}
          stops={stops}
          working={working}
          negative={ends.negative}
          positive={ends.positive}
          maxNewTokens={experiment.generation.maxNewTokens}
        />
      )}
      {evidence && (
        <Suspense fallback={<div className="figure-room" />}>
          <DoseResponse
            cells={evidence.doseResponse}
            verdict={evidence.verdict}
            baseline={baseline}
            positive={ends.positive}
          />
        </Suspense>
      )}
      <VectorCard steer={steer} addBias={experiment.transfer.addBias} />
    </>
  );
}
