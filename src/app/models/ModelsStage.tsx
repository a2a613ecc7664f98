/** The pair: which small model, which large one, and whether a map between them can make sense. */
import { useState } from 'react';
import type { ModelReport } from '../../experiment/run';
import { StageFrame } from '../shell/StageFrame';
import { useLab } from '../state/store';
import { count, millions } from '../ui/format';
import { Homology, refusalOf } from './Homology';
import { ModelTable } from './ModelTable';
import { OtherModels } from './OtherModels';
import { PairMemory } from './PairMemory';
import { SecondOpinion } from './SecondOpinion';
import './models.css';

export default function ModelsStage() {
  const stage = useLab((s) => s.stages.models);
  const refusal = stage.phase === 'failed' && stage.error ? refusalOf(stage.error) : null;
  const result = refusal ? null : stage.result;
  return (
    <StageFrame
      stage="models"
      title="Two models of one family"
      lead="The small one is cheap to study. The large one is where the result is wanted. The map needs both to read the same tokens."
    >
      <ModelTable />
      <PairMemory />
      {refusal && <Homology report={refusal} refused />}
      {result && <Homology report={result.homology} />}
      {result && (
        <div className="model-pair">
          <ModelCard side="Small" model={result.source} />
          <ModelCard side="Large" model={result.target} />
        </div>
      )}
      {result && <SecondOpinion />}
      <OtherModels />
    </StageFrame>
  );
}

function ModelCard({ side, model }: { side: string; model: ModelReport }) {
  const [spine, setSpine] = useState(false);
  return (
    <section className="model">
      <h2>
        <span className="muted">{side}</span> {model.title}
      </h2>
      <dl className="facts">
        <div>
          <dt>Residual stream</dt>
          <dd>
            <span className="fact-value">
              {count(model.layers)} × {count(model.hiddenSize)}
            </span>
            <span className="fact-note">blocks × width</span>
          </dd>
        </div>
        <div>
          <dt>Parameters</dt>
          <dd>
            <span className="fact-value">{millions(model.params)}</span>
            <span className="fact-note">
              {model.nonEmbeddingParams === null
                ? 'not stated by the repository'
                : `${millions(model.nonEmbeddingParams)} without embeddings`}
            </span>
          </dd>
        </div>
        <div>
          <dt>Vocabulary</dt>
          <dd>
            <span className="fact-value">{count(model.vocabSize)}</span>
          </dd>
        </div>
        <div>
          <dt>Graph</dt>
          <dd>
            <span className="fact-value">{model.style}</span>
            <span className="fact-note">{model.dtype}</span>
          </dd>
        </div>
      </dl>
      <button type="button" className="quiet" aria-expanded={spine} onClick={() => setSpine(!spine)}>
        {spine ? 'Hide the residual spine' : 'Show the residual spine'}
      </button>
      {spine && (
        <pre className="spine" tabIndex={0} aria-label={`Residual spine of ${model.title}`}>
          {model.spine}
        </pre>
      )}
      <details>
        <summary>Digests of the files</summary>
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
