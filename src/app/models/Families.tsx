/** The curated families: pairs known from public sources, with what has been verified of them and what has not. */
import type { FamilyOffer } from '../../worker/protocol';
import { editForm, loadFamilies, lookUp, useModels } from '../state/models';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes, hostName, millions } from '../ui/format';
import { useWords } from '../state/text';

export function Families() {
  const words = useWords();
  const families = useModels((s) => s.families);
  const host = useModels((s) => s.form.host);
  if (families.error)
    return (
      <ErrorNote
        error={families.error}
        actions={
          <button type="button" onClick={() => void loadFamilies()}>
            {words.text('ui.try-again')}
          </button>
        }
      />
    );
  if (!families.value)
    return (
      <p className="muted" role="status">
        {words.text('models.families.reading')}
      </p>
    );
  return (
    <div className="family-list">
      <p className="muted lead">{words.text('models.families.lead', { host: hostName(host) })}</p>
      {families.value.map((family) => (
        <Family key={family.id} family={family} />
      ))}
    </div>
  );
}

function Family({ family }: { family: FamilyOffer }) {
  const words = useWords();
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
              <th scope="col">{words.text('models.model')}</th>
              <th scope="col">{words.text('models.role')}</th>
              <th scope="col" className="num">
                {words.text('models.parameters')}
              </th>
              <th scope="col">{words.text('models.families.sizes')}</th>
              <th scope="col">{words.text('models.licence')}</th>
              <th scope="col">{words.text('models.families.verified')}</th>
              <th scope="col" aria-label={words.text('models.families.action')} />
            </tr>
          </thead>
          <tbody>
            {family.models.map((model) => (
              <tr key={model.id}>
                <th scope="row">
                  {model.title}
                  <span className="muted">{model.id}</span>
                </th>
                <td>{words.text(`models.role.${model.role}`)}</td>
                <td className="num">{millions(model.params)}</td>
                <td>
                  {model.dtypes
                    .map(({ dtype, bytes: size, estimated }) => `${dtype} ${estimated ? '≈ ' : ''}${bytes(size)}`)
                    .join(', ')}
                </td>
                <td>{model.license}</td>
                <td>{model.verified ?? words.text('models.families.never')}</td>
                <td>
                  <button
                    type="button"
                    className="quiet"
                    disabled={downloading}
                    aria-label={words.text('models.families.list-name', { model: model.id, host: hostName(host) })}
                    onClick={() => list(model.id)}
                  >
                    {words.text('models.families.list')}
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
