/** The pair: which small model, which large one, and whether a map between them can make sense. */
import { useState } from 'react';
import type { ModelReport } from '../../experiment/run';
import { StageFrame } from '../ui/StageFrame';
import { useLab } from '../state/store';
import { count, millions } from '../ui/format';
import { Homology, refusalOf } from './Homology';
import { ModelTable } from './ModelTable';
import { OtherModels } from './OtherModels';
import { PairMemory } from './PairMemory';
import { useWords } from '../state/text';
import { SecondOpinion } from './SecondOpinion';
import './models.css';

export default function ModelsStage() {
  const words = useWords();
  const stage = useLab((s) => s.stages.models);
  const refusal = stage.phase === 'failed' && stage.error ? refusalOf(stage.error) : null;
  const result = refusal ? null : stage.result;
  return (
    <StageFrame stage="models" title={words.text('models.title')} lead={words.text('models.lead')}>
      <ModelTable />
      <PairMemory />
      {refusal && <Homology report={refusal} refused />}
      {result && <Homology report={result.homology} />}
      {result && (
        <div className="model-pair">
          <ModelCard side={words.text('ui.small')} model={result.source} />
          <ModelCard side={words.text('ui.large')} model={result.target} />
        </div>
      )}
      {result && <SecondOpinion />}
      <OtherModels />
    </StageFrame>
  );
}

function ModelCard({ side, model }: { side: string; model: ModelReport }) {
  const words = useWords();
  const [spine, setSpine] = useState(false);
  return (
    <section className="model">
      <h2>
        <span className="muted">{side}</span> {model.title}
      </h2>
      <dl className="facts">
        <div>
          <dt>{words.text('models.card.stream')}</dt>
          <dd>
            <span className="fact-value">
              {count(model.layers)} × {count(model.hiddenSize)}
            </span>
            <span className="fact-note">{words.text('models.card.stream-note')}</span>
          </dd>
        </div>
        <div>
          <dt>{words.text('models.parameters')}</dt>
          <dd>
            <span className="fact-value">{millions(model.params)}</span>
            <span className="fact-note">
              {model.nonEmbeddingParams === null
                ? words.text('models.card.no-count')
                : words.text('models.card.without-embeddings', { count: millions(model.nonEmbeddingParams) })}
            </span>
          </dd>
        </div>
        <div>
          <dt>{words.text('models.card.vocabulary')}</dt>
          <dd>
            <span className="fact-value">{count(model.vocabSize)}</span>
          </dd>
        </div>
        <div>
          <dt>{words.text('models.card.graph')}</dt>
          <dd>
            <span className="fact-value">{model.style}</span>
            <span className="fact-note">{model.dtype}</span>
          </dd>
        </div>
      </dl>
      <button type="button" className="quiet" aria-expanded={spine} onClick={() => setSpine(!spine)}>
        {words.text(spine ? 'models.card.hide-spine' : 'models.card.show-spine')}
      </button>
      {spine && (
        <pre className="spine" tabIndex={0} aria-label={words.text('models.card.spine', { model: model.title })}>
          {model.spine}
        </pre>
      )}
      <details>
        <summary>{words.text('models.card.digests')}</summary>
        <ul className="digests">
          {model.digests.map((file) => (
            <li key={file.path}>
              {file.path} <code>{file.sha256}</code>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
