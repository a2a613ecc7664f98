/** A repository before anything of it is fetched: what it holds, what a precision would download, and the press that agrees to it. */
import { sameModel, type ModelRef } from '../../experiment/model-ref';
import type { DownloadPlan, RepositoryOffer, VariantOffer } from '../../worker/protocol';
import { choosePrecision, lookUp, startDownload, stopDownload, useModels } from '../state/models';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { Facts } from '../ui/Facts';
import { bytes, hostName } from '../ui/format';
import { ProgressLine } from '../ui/ProgressLine';
import { chooseModel, useTitleOf } from './ModelTable';
import { useWords } from '../state/text';

export function ConsentCard({ offer }: { offer: RepositoryOffer }) {
  const words = useWords();
  const { repository, variants } = offer;
  const plan = useModels((s) => s.plan);
  const host = hostName(repository.host);
  return (
    <section className="consent" aria-labelledby="consent-title" data-testid="consent">
      <h3 id="consent-title">{repository.id}</h3>
      <Facts
        facts={[
          {
            name: words.text('models.host'),
            value: host,
            note:
              repository.layout === 'hub'
                ? words.text('models.consent.commit', { commit: repository.commit.slice(0, 12) })
                : words.text('models.consent.folder'),
          },
          {
            name: words.text('models.licence'),
            value: repository.license ?? words.text('ui.not-stated'),
            note: repository.license
              ? words.text('models.consent.licence-stated')
              : words.text('models.consent.licence-unknown'),
          },
          {
            name: words.text('models.consent.room'),
            value: plan.value?.freeBytes == null ? words.text('ui.not-stated') : bytes(plan.value.freeBytes),
            note: words.text('models.consent.room-note'),
          },
        ]}
      />
      {repository.gated && <p>{words.text('models.consent.gated')}</p>}
      <Precisions variants={variants} />
      {plan.status === 'working' && (
        <p className="muted" role="status">
          {words.text('models.consent.looking')}
        </p>
      )}
      {plan.error && (
        <ErrorNote
          error={plan.error}
          actions={
            <button type="button" onClick={() => void lookUp()}>
              {words.text('ui.try-again')}
            </button>
          }
        />
      )}
      {plan.value && <PlannedDownload plan={plan.value} host={host} />}
    </section>
  );
}

function Precisions({ variants }: { variants: VariantOffer[] }) {
  const words = useWords();
  const chosen = useModels((s) => s.dtype);
  const downloading = useModels((s) => s.download.status === 'running');
  return (
    <fieldset className="precisions" disabled={downloading}>
      <legend>{words.text('models.precision')}</legend>
      {variants.map(({ dtype, bytes: size, runs, note }) => (
        <label key={dtype} className={runs ? undefined : 'muted'}>
          <input
            type="radio"
            name="precision"
            data-testid={`precision-${dtype}`}
            checked={chosen === dtype}
            disabled={!runs}
            onChange={() => void choosePrecision(dtype)}
          />
          <span className="precision-name">{dtype}</span>
          <span className="num">{bytes(size)}</span>
          {note && <span className="precision-note">{words.say(note)}</span>}
        </label>
      ))}
      {!variants.some(({ runs }) => runs) && <p>{words.text('models.precision.none')}</p>}
    </fieldset>
  );
}

function PlannedDownload({ plan, host }: { plan: DownloadPlan; host: string }) {
  const words = useWords();
  const download = useModels((s) => s.download);
  const { repository, files, missing, cached } = plan;
  const running = download.status === 'running';
  const { id, commit } = repository;
  const ref: ModelRef = { id, dtype: plan.dtype, location: { kind: 'hub', host: repository.host, commit } };
  return (
    <>
      <details>
        <summary>{words.text('models.plan.files', { count: files.length, size: bytes(plan.bytes) })}</summary>
        <div className="table-scroll">
          <table className="data plan-files">
            <thead>
              <tr>
                <th scope="col">{words.text('models.plan.file')}</th>
                <th scope="col" className="num">
                  {words.text('models.size')}
                </th>
                <th scope="col" className="num">
                  {words.text('models.plan.here')}
                </th>
                <th scope="col">{words.text('models.plan.checked-by')}</th>
              </tr>
            </thead>
            <tbody>
              {files.map((file) => (
                <tr key={file.path}>
                  <th scope="row">{file.path}</th>
                  <td className="num">{bytes(file.bytes)}</td>
                  <td className="num">{file.cached === 0 ? '–' : bytes(file.cached)}</td>
                  <td>{file.sha256 ? 'SHA-256' : words.text('models.plan.by-length')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      {!plan.complete && <p data-testid="plan-incomplete">{words.text('models.plan.incomplete')}</p>}
      {running && download.progress && (
        <div data-testid="download-progress">
          <ProgressLine progress={download.progress} />
        </div>
      )}
      {download.error && <ErrorNote error={download.error} />}
      {!running && download.status !== 'done' && plan.freeBytes !== null && plan.freeBytes < missing && (
        <p className="unfit">{words.text('models.plan.no-room', { size: bytes(missing - plan.freeBytes) })}</p>
      )}
      <div className="field-row">
        {running ? (
          <button type="button" data-testid="download-stop" onClick={stopDownload}>
            {words.text('models.plan.stop')}
          </button>
        ) : download.status === 'done' ? (
          <UseModel model={ref} />
        ) : (
          <button type="button" className="strong" data-testid="download" onClick={() => void startDownload()}>
            {missing === 0
              ? words.text('models.plan.check')
              : words.text('models.plan.download', { part: cached > 0 ? 'rest' : 'all', size: bytes(missing), host })}
          </button>
        )}
      </div>
    </>
  );
}

function UseModel({ model }: { model: ModelRef }) {
  const words = useWords();
  const titleOf = useTitleOf();
  const { source, target } = useLab((s) => s.experiment.models);
  return (
    <>
      <p role="status" data-testid="download-done">
        {words.text('models.downloaded')}
      </p>
      <button
        type="button"
        data-testid="use-source"
        disabled={sameModel(source, model)}
        onClick={() => chooseModel('source', model, titleOf)}
      >
        {words.text('models.use-small')}
      </button>
      <button
        type="button"
        data-testid="use-target"
        disabled={sameModel(target, model)}
        onClick={() => chooseModel('target', model, titleOf)}
      >
        {words.text('models.use-large')}
      </button>
    </>
  );
}
