/** What both models make of the same text: tokens read, and the states as clouds of points. */
import { useState } from 'react';
import type { ActivationsResult, AlignmentReport } from '../../experiment/run';
import { StageFrame } from '../shell/StageFrame';
import { useCorpora } from '../state/catalog';
import { useLab } from '../state/store';
import { Facts, type Fact } from '../ui/Facts';
import { count, fixed, percent } from '../ui/format';
import { MorphPanel } from './MorphPanel';
import { PcaFigure } from './PcaFigure';
import './activations.css';

export default function ActivationsStage() {
  const stage = useLab((s) => s.stages.activations);
  const map = useLab((s) => s.stages.map.result);
  const models = useLab((s) => s.stages.models.result);
  const current = useLab((s) => s.experiment);
  const corpora = useCorpora();
  const result = stage.result;
  const experiment = stage.experiment ?? current;
  const corpus = corpora.value?.find((item) => item.id === experiment.corpus.id);
  const [sourceBlock, setSourceBlock] = useState<number | null>(null);
  const [targetBlock, setTargetBlock] = useState<number | null>(null);
  const source = sourceBlock ?? map?.layers.source ?? 0;
  const target = targetBlock ?? map?.layers.target ?? 0;
  const alignment = result?.alignment ?? null;
  const apart = alignment?.by === 'characters';
  return (
    <StageFrame
      stage="activations"
      title="The same text, seen twice"
      lead={`${apart ? 'Both models read the same texts, each cut into its own tokens.' : 'Both models read the same tokens.'} After every block each token is a point in the residual stream; the two axes are the widest directions of that cloud.`}
    >
      {result && (
        <>
          <Facts
            facts={[
              { name: 'Corpus', value: corpus?.title ?? experiment.corpus.id, note: `${count(result.texts)} texts` },
              {
                name: 'Tokens kept',
                value: count(result.tokens.kept),
                note: `of ${count(result.tokens.read)} read${apart ? ' by the small model' : ''}`,
                help: 'Positions whose states are used: without the first of a text and without special tokens, unless the settings ask for all.',
              },
              ...(apart ? [alignedShare(alignment)] : []),
              { name: 'To fit the map', value: count(result.tokens.train), note: 'tokens' },
              { name: 'Held out', value: count(result.tokens.heldOut), note: 'tokens, from other texts' },
            ]}
          />
          <div className="pca-panels">
            <PcaFigure
              name="pca-small"
              title={models?.source.title ?? 'Small'}
              panels={result.pca.source}
              colorFrom={result.pca.source[source]}
              labels={result.labels}
              block={source}
              norm={result.medianNorm.source}
              onBlock={setSourceBlock}
            />
            <PcaFigure
              name="pca-large"
              title={models?.target.title ?? 'Large'}
              panels={result.pca.target}
              colorFrom={result.pca.source[source]}
              labels={targetLabels(result.labels)}
              block={target}
              norm={result.medianNorm.target}
              onBlock={setTargetBlock}
            />
          </div>
          {map ? (
            <MorphPanel map={map} labels={result.labels} />
          ) : (
            <p className="empty">
              The third panel, small states carried into the large model’s space, appears when the map has been fitted.
            </p>
          )}
          <p className="muted">
            Median length of a state at the chosen blocks: small {fixed(result.medianNorm.source[source], 1)}, large{' '}
            {fixed(result.medianNorm.target[target], 1)}. One r of the dose is this length.{' '}
            {result.massive.rows > 0 &&
              `The panels leave out ${count(result.massive.rows)} of ${count(result.massive.of)} sampled states that are far longer than the rest: they would be all that the axes show.`}
          </p>
        </>
      )}
    </StageFrame>
  );
}

/** The tokens under the large model's points; their position is that of the small model's tokens, by which rows are named. */
const targetLabels = (labels: ActivationsResult['labels']): ActivationsResult['labels'] =>
  labels.map(({ partner, ...label }) => (partner === undefined ? label : { ...label, token: partner }));

function alignedShare({ share, paired }: AlignmentReport): Fact {
  return {
    name: 'Positions paired',
    value: (
      <span data-testid="aligned-share">
        {percent(share.source)} and {percent(share.target)}
      </span>
    ),
    note: `of small and large; ${count(paired)} pairs`,
    help: 'The models cut texts differently. Two positions are a pair where both models have read exactly the same characters; the others have no partner and are left out.',
  };
}
