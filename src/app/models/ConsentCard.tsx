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

export function ConsentCard({ offer }: { offer: RepositoryOffer }) {
  const { repository, variants } = offer;
  const plan = useModels((s) => s.plan);
  const host = hostName(repository.host);
  return (
    <section className="consent" aria-labelledby="consent-title" data-testid="consent">
      <h3 id="consent-title">{repository.id}</h3>
      <Facts
        facts={[
          {
            name: 'Host',
            value: host,
            note:
              repository.layout === 'hub'
                ? `commit ${repository.commit.slice(0, 12)}`
                : 'a plain folder, known by its listing',
          },
          {
            name: 'Licence',
            value: repository.license ?? 'not stated',
            note: repository.license ? 'as the host states it' : 'look it up before you use the model',
          },
          {
            name: 'Free room',
            value: plan.value?.freeBytes == null ? 'not stated' : bytes(plan.value.freeBytes),
            note: 'what this browser says; the disk may have less',
          },
        ]}
      />
      {repository.gated && (
        <p>
          This repository is gated: the host will ask for a login that the lab cannot give. Download the files there and
          open them from disk.
        </p>
      )}
      <Precisions variants={variants} />
      {plan.status === 'working' && (
        <p className="muted" role="status">
          Looking at what is already here.
        </p>
      )}
      {plan.error && (
        <ErrorNote
          error={plan.error}
          actions={
            <button type="button" onClick={() => void lookUp()}>
              Try again
            </button>
          }
        />
      )}
      {plan.value && <PlannedDownload plan={plan.value} host={host} />}
    </section>
  );
}

function Precisions({ variants }: { variants: VariantOffer[] }) {
  const chosen = useModels((s) => s.dtype);
  const downloading = useModels((s) => s.download.status === 'running');
  return (
    <fieldset className="precisions" disabled={downloading}>
      <legend>Precision</legend>
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
          {note && <span className="precision-note">{note}</span>}
        </label>
      ))}
      {!variants.some(({ runs }) => runs) && (
        <p>
          None of these runs on this device. Another backend may run them: choose it at the top right, then list the
          files again.
        </p>
      )}
    </fieldset>
  );
}

function PlannedDownload({ plan, host }: { plan: DownloadPlan; host: string }) {
  const download = useModels((s) => s.download);
  const { repository, files, missing, cached } = plan;
  const running = download.status === 'running';
  const { id, commit } = repository;
  const ref: ModelRef = { id, dtype: plan.dtype, location: { kind: 'hub', host: repository.host, commit } };
  return (
    <>
      <details>
        <summary>
          {files.length} files, {bytes(plan.bytes)}
        </summary>
        <div className="table-scroll">
          <table className="data plan-files">
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col" className="num">
                  Size
                </th>
                <th scope="col" className="num">
                  Already here
                </th>
                <th scope="col">Checked by</th>
              </tr>
            </thead>
            <tbody>
              {files.map((file) => (
                <tr key={file.path}>
                  <th scope="row">{file.path}</th>
                  <td className="num">{bytes(file.bytes)}</td>
                  <td className="num">{file.cached === 0 ? '–' : bytes(file.cached)}</td>
                  <td>{file.sha256 ? 'SHA-256' : 'length'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
      {running && download.progress && (
        <div data-testid="download-progress">
          <ProgressLine progress={download.progress} />
        </div>
      )}
      {download.error && <ErrorNote error={download.error} />}
      {!running && download.status !== 'done' && plan.freeBytes !== null && plan.freeBytes < missing && (
        <p className="unfit">This browser says that {bytes(missing - plan.freeBytes)} of room are missing.</p>
      )}
      <div className="field-row">
        {running ? (
          <button type="button" data-testid="download-stop" onClick={stopDownload}>
            Stop the download
          </button>
        ) : download.status === 'done' ? (
          <UseModel model={ref} />
        ) : (
          <button type="button" className="strong" data-testid="download" onClick={() => void startDownload()}>
            {missing === 0
              ? 'Check and use what is here'
              : `${cached > 0 ? 'Download the remaining' : 'Download'} ${bytes(missing)} from ${host}`}
          </button>
        )}
      </div>
    </>
  );
}

function UseModel({ model }: { model: ModelRef }) {
  const titleOf = useTitleOf();
  const { source, target } = useLab((s) => s.experiment.models);
  return (
    <>
      <p role="status" data-testid="download-done">
        Downloaded and checked.
      </p>
      <button
        type="button"
        data-testid="use-source"
        disabled={sameModel(source, model)}
        onClick={() => chooseModel('source', model, titleOf)}
      >
        Use as the small model
      </button>
      <button
        type="button"
        data-testid="use-target"
        disabled={sameModel(target, model)}
        onClick={() => chooseModel('target', model, titleOf)}
      >
        Use as the large model
      </button>
    </>
  );
}
