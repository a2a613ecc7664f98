/** What both models make of the same text: tokens read, and the states as clouds of points. */
import { useState } from 'react';
import type { ActivationsResult, AlignmentReport } from '../../experiment/run';
import { StageFrame } from '../ui/StageFrame';
import { useCorpora } from '../state/catalog';
import { useLab } from '../state/store';
import { Facts, type Fact } from '../ui/Facts';
import { count, fixed, percent } from '../ui/format';
import { MorphPanel } from './MorphPanel';
import { PcaFigure } from './PcaFigure';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';
import './activations.css';

export default function ActivationsStage() {
  const words = useWords();
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
      title={words.text('activations.title')}
      lead={words.text('activations.lead', { by: alignment?.by ?? 'tokens' })}
    >
      {result && (
        <>
          <Facts
            facts={[
              {
                name: words.text('activations.corpus'),
                value: corpus?.title ?? experiment.corpus.id,
                note: words.text('activations.texts', { texts: count(result.texts) }),
              },
              {
                name: words.text('activations.kept'),
                value: count(result.tokens.kept),
                note: words.text('activations.kept-note', {
                  read: count(result.tokens.read),
                  by: alignment?.by ?? 'tokens',
                }),
                help: words.text('activations.kept-help'),
              },
              ...(apart && alignment ? [alignedShare(words, alignment)] : []),
              ...unknownTokens(words, result),
              {
                name: words.text('activations.fitted'),
                value: count(result.tokens.train),
                note: words.text('activations.fitted-note'),
              },
              {
                name: words.text('activations.held-out'),
                value: count(result.tokens.heldOut),
                note: words.text('activations.held-out-note'),
              },
            ]}
          />
          <div className="pca-panels">
            <PcaFigure
              name="pca-small"
              title={models?.source.title ?? words.text('ui.small')}
              panels={result.pca.source}
              colorFrom={result.pca.source[source]}
              labels={result.labels}
              block={source}
              norm={result.medianNorm.source}
              onBlock={setSourceBlock}
            />
            <PcaFigure
              name="pca-large"
              title={models?.target.title ?? words.text('ui.large')}
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
            <p className="empty">{words.text('activations.morph-later')}</p>
          )}
          <p className="muted">
            {words.text('activations.lengths', {
              source: fixed(result.medianNorm.source[source], 1),
              target: fixed(result.medianNorm.target[target], 1),
            })}{' '}
            {result.massive.rows > 0 &&
              words.text('activations.massive', { rows: count(result.massive.rows), of: count(result.massive.of) })}
          </p>
        </>
      )}
    </StageFrame>
  );
}

/** The tokens under the large model's points; their position is that of the small model's tokens, by which rows are named. */
const targetLabels = (labels: ActivationsResult['labels']): ActivationsResult['labels'] =>
  labels.map(({ partner, ...label }) => (partner === undefined ? label : { ...label, token: partner }));

/** Said where there are any. */
function unknownTokens(words: Words, { unknown }: ActivationsResult): Fact[] {
  if (!unknown || unknown.source.unknown + unknown.target.unknown === 0) return [];
  const share = ({ unknown: n, tokens }: typeof unknown.source): string => percent(n / tokens, 1);
  return [
    {
      name: words.text('activations.unknown'),
      value: words.text('activations.unknown-shares', { source: share(unknown.source), target: share(unknown.target) }),
      note: words.text('activations.unknown-note'),
      help: words.text('activations.unknown-help'),
    },
  ];
}

function alignedShare(words: Words, { share, paired }: AlignmentReport): Fact {
  return {
    name: words.text('activations.paired'),
    value: (
      <span data-testid="aligned-share">
        {words.text('activations.paired-shares', { source: percent(share.source), target: percent(share.target) })}
      </span>
    ),
    note: words.text('activations.paired-note', { pairs: count(paired) }),
    help: words.text('activations.paired-help'),
  };
}
