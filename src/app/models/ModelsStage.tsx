/** The pair: which small model, which large one, and whether a map between them can make sense. */
import { useState } from 'react';
import type { LabErrorJson } from '../../experiment/errors';
import type { HomologyReport, ModelReport } from '../../experiment/run';
import { StageFrame } from '../shell/StageFrame';
import { useFamily, type FamilyModel } from '../state/catalog';
import { editExperiment, useLab } from '../state/store';
import { bytes, count, fixed, millions } from '../ui/format';
import './models.css';

type Side = 'source' | 'target';

export default function ModelsStage() {
  const stage = useLab((s) => s.stages.models);
  const refusal = stage.phase === 'failed' && stage.error ? refusalOf(stage.error) : null;
  const result = refusal ? null : stage.result;
  return (
    <StageFrame stage="models" title="Two models of one family" lead="The small one is cheap to study. The large one is where the result is wanted. The map needs both to read the same tokens.">
      <Family />
      {refusal && <Homology report={refusal} />}
      {result && <Homology report={result.homology} />}
      {result && (
        <div className="model-pair">
          <ModelCard side="Small" model={result.source} />
          <ModelCard side="Large" model={result.target} />
        </div>
      )}
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

function Family() {
  const family = useFamily();
  const models = useLab((s) => s.experiment.models);
  const result = useLab((s) => s.stages.models.result);
  const titleOf = (id: string): string => family.value?.find((model) => model.id === id)?.title ?? id;
  const choose = (side: Side, id: string): void =>
    editExperiment((e) => {
      // The title follows where it names the pair.
      const names = (pair: typeof e.models): string => `${titleOf(pair.source.id)} → ${titleOf(pair.target.id)}`;
      const models = { ...e.models, [side]: { ...e.models[side], id } };
      return { ...e, title: e.title.replace(names(e.models), names(models)).slice(0, 120), models };
    });
  const list = family.value ?? (result ? [result.source, result.target].map(asFamily) : []);
  return (
    <div className="family">
      {family.error && !result && <p className="muted">The list of models could not be read: {family.error}</p>}
      <div className="table-scroll">
        <table className="family-table">
          <caption className="visually-hidden">Models of the bundled family. Choose one small and one large.</caption>
          <thead>
            <tr>
              <th scope="col">Small</th>
              <th scope="col">Large</th>
              <th scope="col">Model</th>
              <th scope="col" className="num">Blocks</th>
              <th scope="col" className="num">Width</th>
              <th scope="col" className="num">Parameters</th>
              <th scope="col" className="num">Validation loss</th>
              <th scope="col" className="num">Download</th>
              <th scope="col">Licence</th>
            </tr>
          </thead>
          <tbody>
            {list.map((model) => (
              <tr key={model.id} className={model.id === models.source.id || model.id === models.target.id ? 'chosen' : undefined}>
                {(['source', 'target'] as const).map((side) => (
                  <td key={side}>
                    <input type="radio" name={`model-${side}`} data-testid={`${side}-${model.id}`} aria-label={`${model.title} as the ${side === 'source' ? 'small' : 'large'} model`} checked={models[side].id === model.id} onChange={() => choose(side, model.id)} />
                  </td>
                ))}
                <th scope="row">
                  {model.title}
                  <span className="muted">{model.id}</span>
                </th>
                <td className="num">{count(model.layers)}</td>
                <td className="num">{count(model.hiddenSize)}</td>
                <td className="num">{millions(model.params)}</td>
                <td className="num">{fixed(model.validationLoss, 3)}</td>
                <td className="num">{bytes(model.bytes)}</td>
                <td>{model.license}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

const asFamily = (model: ModelReport): FamilyModel => ({ ...model, role: '', dtypes: [model.dtype] });

function Homology({ report }: { report: HomologyReport }) {
  const homologous = report.verdict === 'homologous';
  return (
    <section className="homology" aria-labelledby="homology-title" data-verdict={report.verdict}>
      <h2 id="homology-title">{homologous ? 'Homologous: a map between them can be fitted' : 'Not homologous: the lab refuses this pair'}</h2>
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
        <div><dt>Parameters</dt><dd><span className="fact-value">{millions(model.params)}</span><span className="fact-note">{millions(model.nonEmbeddingParams)} without embeddings</span></dd></div>
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
