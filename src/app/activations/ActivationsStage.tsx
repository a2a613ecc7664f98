/** What both models make of the same text: tokens read, and the states as clouds of points. */
import { useState } from 'react';
import { StageFrame } from '../shell/StageFrame';
import { useCorpora } from '../state/catalog';
import { useLab } from '../state/store';
import { Facts } from '../ui/Facts';
import { count, fixed } from '../ui/format';
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
  return (
    <StageFrame stage="activations" title="The same text, seen twice" lead="Both models read the same tokens. After every block each token is a point in the residual stream; the two axes are the widest directions of that cloud.">
      {result && (
        <>
          <Facts
            facts={[
              { name: 'Corpus', value: corpus?.title ?? experiment.corpus.id, note: `${count(result.texts)} texts` },
              { name: 'Tokens kept', value: count(result.tokens.kept), note: `of ${count(result.tokens.read)} read`, help: 'Positions whose states are used: without the first of a text and without special tokens, unless the settings ask for all.' },
              { name: 'To fit the map', value: count(result.tokens.train), note: 'tokens' },
              { name: 'Held out', value: count(result.tokens.heldOut), note: 'tokens, from other texts' },
            ]}
          />
          <div className="pca-panels">
            <PcaFigure name="pca-small" title={models?.source.title ?? 'Small'} panels={result.pca.source} colorFrom={result.pca.source[source]} labels={result.labels} block={source} norm={result.medianNorm.source} onBlock={setSourceBlock} />
            <PcaFigure name="pca-large" title={models?.target.title ?? 'Large'} panels={result.pca.target} colorFrom={result.pca.source[source]} labels={result.labels} block={target} norm={result.medianNorm.target} onBlock={setTargetBlock} />
          </div>
          {map ? (
            <MorphPanel map={map} labels={result.labels} />
          ) : (
            <p className="empty">The third panel, small states carried into the large model’s space, appears when the map has been fitted.</p>
          )}
          <p className="muted">
            Median length of a state at the chosen blocks: small {fixed(result.medianNorm.source[source], 1)}, large {fixed(result.medianNorm.target[target], 1)}. One r of the dose is this length.{' '}
            {result.massive.rows > 0 && `The panels leave out ${count(result.massive.rows)} of ${count(result.massive.of)} sampled states that are far longer than the rest: they would be all that the axes show.`}
          </p>
        </>
      )}
    </StageFrame>
  );
}
