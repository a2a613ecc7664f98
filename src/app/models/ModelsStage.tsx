/** The pair: which small model, which large one, and whether a map between them can make sense. */
import { useState } from 'react';
import type { LabErrorJson } from '../../experiment/errors';
import type { HomologyReport, ModelReport } from '../../experiment/run';
import { StageFrame } from '../shell/StageFrame';
import { useLab } from '../state/store';
import { count, millions } from '../ui/format';
import { ModelTable } from './ModelTable';
import { OtherModels } from './OtherModels';
import { PairMemory } from './PairMemory';
import './models.css';

export default function ModelsStage() {
  const stage = useLab((s) => s.stages.models);
  const refusal = stage.phase === 'failed' && stage.error ? refusalOf(stage.error) : null;
  const result = refusal ? null : stage.result;
  return (
    <StageFrame stage="models" title="Two models of one family" lead="The small one is cheap to study. The large one is where the result is wanted. The map needs both to read the same tokens.">
      <ModelTable />
      <PairMemory />
      {refusal && <Homology report={refusal} />}
      {result && <Homology report={result.homology} />}
      {result && (
        <div className="model-pair">
          <ModelCard side="Small" model={result.source} />
          <ModelCard side="Large" model={result.target} />
        </div>
      )}
      <OtherModels />
    </StageFrame>
  );
}

/** A refused pair has no result: its checks come with the error. */
function refusalOf(error: LabErrorJson): HomologyReport | null {
  if (error.code !== 'not-homologous') return null;
  const checks = Object.entries(error.details ?? {}).map(([name, text]) => {
    const [, outcome, detail] = /^(passed|failed): (.*)$/s.exec(String(text)) ?? [];
    return { name, passed: outcome === 'passed', detail: detail ?? String(text) };
  });
  return { verdict: 'not-homologous', checks };
}

function Homology({ report }: { report: HomologyReport }) {
  const title = {
    homologous: 'Homologous: a map between them can be fitted',
    related: 'Related: the tokens agree, so a map can be fitted, but the models differ',
    'not-homologous': 'Not homologous: the lab refuses this pair',
  }[report.verdict];
  return (
    <section className="homology" aria-labelledby="homology-title" data-verdict={report.verdict}>
      <h2 id="homology-title">{title}</h2>
      <ul className="checks">
        {report.checks.map((check) => (
          <li key={check.name} className={check.passed ? 'passed' : 'failed'}>
            <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
              {check.passed ? <path d="m2.5 7.5 3 3 6-7" /> : <path d="m3 3 8 8m0-8-8 8" />}
            </svg>
            <b>{check.name}</b>
            <span>
              <span className="visually-hidden">{check.passed ? 'Passed. ' : 'Failed. '}</span>
              {check.detail}
            </span>
          </li>
        ))}
      </ul>
    </section>
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
        <div><dt>Residual stream</dt><dd><span className="fact-value">{count(model.layers)} × {count(model.hiddenSize)}</span><span className="fact-note">blocks × width</span></dd></div>
        <div><dt>Parameters</dt><dd><span className="fact-value">{millions(model.params)}</span><span className="fact-note">{model.nonEmbeddingParams === null ? 'not stated by the repository' : `${millions(model.nonEmbeddingParams)} without embeddings`}</span></dd></div>
        <div><dt>Vocabulary</dt><dd><span className="fact-value">{count(model.vocabSize)}</span></dd></div>
        <div><dt>Graph</dt><dd><span className="fact-value">{model.style}</span><span className="fact-note">{model.dtype}</span></dd></div>
      </dl>
      <button type="button" className="quiet" aria-expanded={spine} onClick={() => setSpine(!spine)}>
        {spine ? 'Hide the residual spine' : 'Show the residual spine'}
      </button>
      {spine && <pre className="spine" tabIndex={0} aria-label={`Residual spine of ${model.title}`}>{model.spine}</pre>}
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
