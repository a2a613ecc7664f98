/** The curated families: pairs known from public sources, with what has been verified of them and what has not. */
import type { FamilyOffer } from '../../worker/protocol';
import { editForm, loadFamilies, lookUp, useModels } from '../state/models';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes, hostName, millions } from '../ui/format';

const ROLES = { source: 'small', target: 'large', both: 'small or large' } as const;

export function Families() {
  const families = useModels((s) => s.families);
  const host = useModels((s) => s.form.host);
  if (families.error)
    return (
      <ErrorNote
        error={families.error}
        actions={
          <button type="button" onClick={() => void loadFamilies()}>
            Try again
          </button>
        }
      />
    );
  if (!families.value)
    return (
      <p className="muted" role="status">
        Reading the list.
      </p>
    );
  return (
    <div className="family-list">
      <p className="muted lead">
        Taken from public sources; “verified” is the day on which the files were last looked up. Sizes with ≈ are
        reckoned from a model’s shape. “List files” asks {hostName(host)} for what is there now.
      </p>
      {families.value.map((family) => (
        <Family key={family.id} family={family} />
      ))}
    </div>
  );
}

function Family({ family }: { family: FamilyOffer }) {
  const downloading = useModels((s) => s.download.status === 'running');
  const host = useModels((s) => s.form.host);
  const list = (id: string): void => {
    editForm({ id, revision: 'main', layout: 'hub' });
    void lookUp();
    document.getElementById('other-title')?.scrollIntoView();
  };
  return (
    <section className="curated" aria-label={family.title}>
      <h3>{family.title}</h3>
      <p>{family.about}</p>
      {family.note && <p className="muted">{family.note}</p>}
      <div className="table-scroll">
        <table className="data">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col">Role</th>
              <th scope="col" className="num">
                Parameters
              </th>
              <th scope="col">Precisions and sizes</th>
              <th scope="col">Licence</th>
              <th scope="col">Verified</th>
              <th scope="col" aria-label="Action" />
            </tr>
          </thead>
          <tbody>
            {family.models.map((model) => (
              <tr key={model.id}>
                <th scope="row">
                  {model.title}
                  <span className="muted">{model.id}</span>
                </th>
                <td>{ROLES[model.role]}</td>
                <td className="num">{millions(model.params)}</td>
                <td>
                  {model.dtypes
                    .map(({ dtype, bytes: size, estimated }) => `${dtype} ${estimated ? '≈ ' : ''}${bytes(size)}`)
                    .join(', ')}
                </td>
                <td>{model.license}</td>
                <td>{model.verified ?? 'never'}</td>
                <td>
                  <button
                    type="button"
                    className="quiet"
                    disabled={downloading}
                    aria-label={`List the files of ${model.id} at ${hostName(host)}`}
                    onClick={() => list(model.id)}
                  >
                    List files
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
