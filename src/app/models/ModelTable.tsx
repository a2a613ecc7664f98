/** All models that can be chosen: the bundled family, downloads, opened folders; and what an experiment names and this device does not have. */
import { message, type Message } from '../../experiment/message';
import { sameModel, type ModelRef } from '../../experiment/model-ref';
import type { Experiment } from '../../experiment/schema';
import type { LocalOffer, StoredOffer } from '../../worker/protocol';
import { useFamily, type FamilyModel } from '../state/catalog';
import { lookUpRef, useModels } from '../state/models';
import { editExperiment, useLab } from '../state/store';
import { bytes, count, fixed, hostName, millions } from '../ui/format';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';

export type Side = 'source' | 'target';

interface Row {
  ref: ModelRef;
  key: string;
  title: string;
  /** Under the title: the id, or where the model is from. */
  from: string;
  layers: number | null;
  hiddenSize: number | null;
  params: number | null;
  validationLoss: number | null;
  bytes: number | null;
  license: string | null;
  /** Why it cannot be chosen, or what to mind. */
  note: Message | null;
  usable: boolean;
  /** Named by the experiment and not on this device. */
  absent?: boolean;
}

/** Chooses a model; the experiment's title follows where it names the pair. */
export function chooseModel(side: Side, ref: ModelRef, titleOf: (ref: ModelRef) => string = ({ id }) => id): void {
  editExperiment((e) => {
    const names = (pair: Experiment['models']): string => `${titleOf(pair.source)} → ${titleOf(pair.target)}`;
    const models = { ...e.models, [side]: ref };
    return { ...e, title: e.title.replace(names(e.models), names(models)).slice(0, 120), models };
  });
}

/** The title of a model: of the bundled family its name, of others their id. */
export function useTitleOf(): (ref: ModelRef) => string {
  const family = useFamily();
  return ({ id, location }) => (location ? id : (family.value?.find((model) => model.id === id)?.title ?? id));
}

function bundledRow(model: FamilyModel, chosen: Experiment['models'], side: Side): ModelRef {
  const { id, dtype, location } = chosen[side];
  const kept =
    !location && (id === model.id || model.dtypes.includes(dtype)) ? dtype : (model.dtypes[0] as ModelRef['dtype']);
  return { id: model.id, dtype: kept };
}

function storedRows(words: Words, model: StoredOffer): Row[] {
  const { id, host, commit } = model;
  return model.variants.map(({ dtype, bytes: size, runs, note }) => ({
    ref: { id, dtype, location: { kind: 'hub', host, commit } },
    key: `${id}-${dtype}`,
    title: id,
    from: words.text('models.from-host', { dtype, host: hostName(host), commit: commit.slice(0, 7) }),
    layers: model.shape?.layers ?? null,
    hiddenSize: model.shape?.hiddenSize ?? null,
    params: model.shape?.params ?? null,
    validationLoss: null,
    bytes: size,
    license: model.license,
    note,
    usable: runs,
  }));
}

function folderRows(words: Words, { id, location, variants, shape }: LocalOffer): Row[] {
  return variants.map(({ dtype, bytes: size, runs, note }) => ({
    ref: { id, dtype, location },
    key: `${id}-${dtype}`,
    title: id,
    from: words.text('models.from-disk', { dtype }),
    layers: shape.layers,
    hiddenSize: shape.hiddenSize,
    params: shape.params,
    validationLoss: null,
    bytes: size,
    license: null,
    note,
    usable: runs,
  }));
}

/** A model that the experiment names and that is not here. */
function absentRow(words: Words, ref: ModelRef): Row {
  const from =
    ref.location?.kind === 'hub'
      ? words.text('models.from-host', {
          dtype: ref.dtype,
          host: hostName(ref.location.host),
          commit: ref.location.commit.slice(0, 7),
        })
      : words.text('models.from-folder', { dtype: ref.dtype });
  const note = ref.location?.kind === 'hub' ? message('models.not-downloaded') : message('models.not-open');
  return {
    ref,
    key: `${ref.id}-${ref.dtype}`,
    title: ref.id,
    from,
    layers: null,
    hiddenSize: null,
    params: null,
    validationLoss: null,
    bytes: null,
    license: null,
    note,
    usable: true,
    absent: true,
  };
}

export function ModelTable() {
  const words = useWords();
  const family = useFamily();
  const models = useLab((s) => s.experiment.models);
  const result = useLab((s) => s.stages.models.result);
  const stored = useModels((s) => s.stored);
  const folders = useModels((s) => s.folders);
  const titleOf = useTitleOf();

  // Without its catalogue the family is what the results on screen name of it.
  const bundled: FamilyModel[] =
    family.value ??
    (result
      ? [result.source, result.target].flatMap((model) =>
          model.params === null
            ? []
            : [{ ...model, params: model.params, license: model.license ?? '', role: '', dtypes: [model.dtype] }],
        )
      : []);
  const others = [
    ...(stored.value?.models ?? []).flatMap((model) => storedRows(words, model)),
    ...folders.flatMap((folder) => folderRows(words, folder)),
  ];
  const absent =
    stored.status === 'working'
      ? []
      : [models.source, models.target]
          .filter(
            (ref, i, both) =>
              ref.location &&
              !others.some((row) => sameModel(row.ref, ref)) &&
              both.findIndex((each) => sameModel(each, ref)) === i,
          )
          .map((ref) => absentRow(words, ref));
  return (
    <div className="family">
      {family.error && !result && (
        <p className="muted">{words.text('models.list-unreadable', { error: family.error })}</p>
      )}
      <div className="table-scroll" tabIndex={0} role="region" aria-label={words.text('models.to-choose')}>
        <table className="family-table">
          <caption className="visually-hidden">{words.text('models.to-choose.caption')}</caption>
          <thead>
            <tr>
              <th scope="col">{words.text('ui.small')}</th>
              <th scope="col">{words.text('ui.large')}</th>
              <th scope="col">{words.text('models.model')}</th>
              <th scope="col" className="num">
                {words.text('models.blocks')}
              </th>
              <th scope="col" className="num">
                {words.text('models.width')}
              </th>
              <th scope="col" className="num">
                {words.text('models.parameters')}
              </th>
              <th scope="col" className="num">
                {words.text('models.validation-loss')}
              </th>
              <th scope="col" className="num">
                {words.text('models.size')}
              </th>
              <th scope="col">{words.text('models.licence')}</th>
            </tr>
          </thead>
          <tbody>
            {bundled.map((model) => {
              const row: Row = {
                ...model,
                ref: { id: model.id, dtype: 'fp32' },
                key: model.id,
                from: model.id,
                note: null,
                usable: true,
              };
              return (
                <ModelRow
                  key={model.id}
                  row={row}
                  refFor={(side) => bundledRow(model, models, side)}
                  isChosen={(side) => !models[side].location && models[side].id === model.id}
                  titleOf={titleOf}
                />
              );
            })}
            {[...others, ...absent].map((row) => (
              <ModelRow
                key={JSON.stringify(row.ref)}
                row={row}
                refFor={() => row.ref}
                isChosen={(side) => sameModel(models[side], row.ref)}
                titleOf={titleOf}
              />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function getAbsent(ref: ModelRef): void {
  lookUpRef(ref);
  document.getElementById('other-title')?.scrollIntoView();
}

interface RowProps {
  row: Row;
  refFor: (side: Side) => ModelRef;
  isChosen: (side: Side) => boolean;
  titleOf: (ref: ModelRef) => string;
}

function ModelRow({ row, refFor, isChosen, titleOf }: RowProps) {
  const words = useWords();
  const number = (value: number | null): string => (value === null ? '–' : count(value));
  return (
    <tr className={isChosen('source') || isChosen('target') ? 'chosen' : undefined} data-testid={`model-${row.key}`}>
      {(['source', 'target'] as const).map((side) => (
        <td key={side} className="side">
          <label>
            <input
              type="radio"
              name={`model-${side}`}
              data-testid={`${side}-${row.key}`}
              aria-label={words.text('models.choose-as', { model: row.title, side })}
              checked={isChosen(side)}
              disabled={!row.usable}
              onChange={() => chooseModel(side, refFor(side), titleOf)}
            />
            <span aria-hidden="true">{words.text(side === 'source' ? 'ui.small' : 'ui.large')}</span>
          </label>
        </td>
      ))}
      <th scope="row">
        {row.title}
        <span className="muted">{row.from}</span>
        {row.note && <span className="muted">{words.say(row.note)}</span>}
        {row.absent && row.ref.location?.kind === 'hub' && (
          <button type="button" className="quiet" data-testid="get-absent" onClick={() => getAbsent(row.ref)}>
            {words.text('models.list-at', { host: hostName(row.ref.location.host) })}
          </button>
        )}
      </th>
      <td className="num" data-label={words.text('models.blocks')}>
        {number(row.layers)}
      </td>
      <td className="num" data-label={words.text('models.width')}>
        {number(row.hiddenSize)}
      </td>
      <td className="num" data-label={words.text('models.parameters')}>
        {millions(row.params)}
      </td>
      <td className="num" data-label={words.text('models.validation-loss')}>
        {fixed(row.validationLoss, 3)}
      </td>
      <td className="num" data-label={words.text('models.size')}>
        {row.bytes === null ? '–' : bytes(row.bytes)}
      </td>
      <td data-label={words.text('models.licence')}>{row.license ?? words.text('ui.not-stated')}</td>
    </tr>
  );
}
