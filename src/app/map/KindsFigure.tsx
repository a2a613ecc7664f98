/** Every kind of map of the pair, side by side: a table to choose from, and what each rank keeps. */
import { useMemo } from 'react';
import type { MapResult, MapStatistics } from '../../experiment/run';
import { MAP_KINDS, type MapKind } from '../../experiment/schema';
import { Figure } from '../figures/Figure';
import { usePlotTheme } from '../figures/theme';
import { isLive, rerunIfLive } from '../state/engine';
import { editExperiment, useLab } from '../state/store';
import { fixed } from '../ui/format';
import { Help } from '../ui/Help';

const KINDS: Record<MapKind, { name: string; help: string }> = {
  ridge: { name: 'Ridge', help: 'Any matrix, held back a little from fitting noise.' },
  'reduced-rank': {
    name: 'Reduced rank',
    help: 'The ridge map squeezed through a few directions: how many does the likeness of the two models need?',
  },
  'scaled-orthogonal': {
    name: 'Scaled rotation',
    help: 'Only a rotation and one scale (orthogonal Procrustes): shapes are kept, nothing is stretched.',
  },
  orthogonal: { name: 'Rotation', help: 'Only a rotation: lengths are kept as they are.' },
  identity: {
    name: 'Identity',
    help: 'Each dimension to the dimension of the same number, padded with zeros: what a map costs nothing to beat.',
  },
};

/** Where the axis ends below: a map that is far worse than the mean would press the rest flat. */
const LOWEST = -0.25;

type Member = MapResult['family'][number];

export function KindsFigure({ map, statistics }: { map: MapResult; statistics: MapStatistics }) {
  const theme = usePlotTheme();
  const wanted = useLab((s) => s.experiment.map);
  const ranks = useMemo(() => map.family.filter(({ kind }) => kind === 'reduced-rank'), [map]);
  const full = statistics.ceiling;
  const others = useMemo(() => map.family.filter(({ kind }) => kind !== 'reduced-rank'), [map]);
  const rankInUse = map.kind === 'reduced-rank' ? map.rank : null;

  function use(kind: MapKind, rank = wanted.rank): void {
    const live = isLive();
    editExperiment((e) => ({ ...e, map: { ...e.map, kind, rank } }));
    rerunIfLive(live);
  }

  const plot = useMemo(() => {
    const ridge = others.find(({ kind }) => kind === 'ridge')!;
    const curve = [...ranks, { ...ridge, rank: full }];
    const low = Math.max(LOWEST, Math.min(0, map.shuffledR2, ...map.family.map(({ heldOutR2 }) => heldOutR2)) - 0.04);
    const lines = [
      ...others
        .filter(({ kind }) => kind !== 'ridge')
        .map((member) => ({ name: KINDS[member.kind].name, r2: member.heldOutR2 })),
      { name: 'Shuffled pairs', r2: map.shuffledR2 },
    ];
    const high = Math.max(0.1, ridge.heldOutR2 * 1.12);
    const inside = lines.filter(({ r2 }) => r2 >= low).sort((a, b) => b.r2 - a.r2);
    // Two lines close together are named above the one and below the other.
    const crowded = (i: number): boolean => i > 0 && inside[i - 1].r2 - inside[i].r2 < 0.09 * (high - low);
    const x = curve.map(({ rank }) => rank!);
    const data = [
      {
        type: 'scatter',
        mode: 'lines+markers',
        x,
        y: curve.map(({ heldOutR2 }) => heldOutR2),
        line: { color: theme.ink, width: 2 },
        marker: {
          color: x.map((rank) =>
            rank === rankInUse || (rankInUse === null && map.kind === 'ridge' && rank === full)
              ? theme.accent
              : theme.ink,
          ),
          size: x.map((rank) => (rank === rankInUse ? 11 : 7)),
        },
        hovertemplate: 'rank %{x}<br>held-out R² %{y:.3f}<extra></extra>',
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis('rank of the map', {
        type: 'log',
        tickvals: x,
        ticktext: x.map(String),
        tickfont: { size: 12 },
      }),
      yaxis: theme.axis('held-out R²', { nticks: 6, range: [low, high] }),
      shapes: inside.map(({ r2, name }) => ({
        type: 'line',
        xref: 'paper',
        x0: 0,
        x1: 1,
        y0: r2,
        y1: r2,
        line: { color: name === 'Shuffled pairs' ? theme.failed : theme.muted, width: 1.5, dash: 'dot' },
      })),
      annotations: inside.map(({ r2, name }, i) => ({
        xref: 'paper',
        x: 0.01,
        xanchor: 'left',
        y: r2,
        yanchor: crowded(i) ? 'top' : 'bottom',
        text: name.toLowerCase(),
        showarrow: false,
        font: { size: 12, color: theme.muted },
      })),
    });
    return { data, layout, height: 250 };
  }, [map, others, ranks, full, rankInUse, theme]);

  const below = others
    .filter(({ heldOutR2 }) => heldOutR2 < LOWEST)
    .map(({ kind, heldOutR2 }) => `${KINDS[kind].name.toLowerCase()} (${fixed(heldOutR2, 2)})`);
  return (
    <Figure
      name="kinds"
      className="kinds-figure"
      title="Which kind of map"
      caption={`Held-out R² of a map cut to each rank, up to the ridge map at full rank ${full}; dotted, the kinds without a rank.${below.length > 0 ? ` Below the axis, worse than the mean alone: ${below.join(', ')}.` : ''}`}
      table={{
        head: ['kind', 'rank', 'held_out_r2', 'train_r2'],
        rows: map.family.map((m) => [m.kind, m.rank ?? '', m.heldOutR2, m.trainR2]),
      }}
      cursor={[
        {
          name: 'rank',
          curve: 0,
          points: [
            ...ranks.map((m) => ({ label: `rank ${m.rank}: held-out R² ${fixed(m.heldOutR2, 3)}` })),
            {
              label: `rank ${full}, ridge: held-out R² ${fixed(others.find(({ kind }) => kind === 'ridge')!.heldOutR2, 3)}`,
            },
          ],
        },
      ]}
      onPick={(_, point) => (point < ranks.length ? use('reduced-rank', ranks[point].rank!) : use('ridge'))}
      pickHint="uses the rank"
      legend={
        <table className="data kinds">
          <thead>
            <tr>
              <th scope="col">carries the vector</th>
              <th scope="col">held-out R²</th>
              <th scope="col">fitted</th>
            </tr>
          </thead>
          <tbody>
            {MAP_KINDS.map((kind) => {
              const shown: Member | undefined =
                kind === 'reduced-rank'
                  ? (ranks.find(({ rank }) => rank === wanted.rank) ?? ranks.at(-1))
                  : others.find((member) => member.kind === kind);
              if (!shown) return null;
              return (
                <tr key={kind} aria-current={wanted.kind === kind}>
                  <td>
                    <label>
                      <input
                        type="radio"
                        name="map-kind"
                        data-testid={`kind-${kind}`}
                        checked={wanted.kind === kind}
                        onChange={() => use(kind, shown.rank ?? wanted.rank)}
                      />
                      {KINDS[kind].name}
                    </label>
                    {kind === 'reduced-rank' && (
                      <select
                        aria-label="Rank"
                        value={shown.rank!}
                        onChange={(event) => use(kind, Number(event.target.value))}
                      >
                        {ranks.map(({ rank }) => (
                          <option key={rank} value={rank!}>
                            {rank}
                          </option>
                        ))}
                      </select>
                    )}
                    <Help about={KINDS[kind].name}>{KINDS[kind].help}</Help>
                  </td>
                  <td className="num">{fixed(shown.heldOutR2, 3)}</td>
                  <td className="num">{fixed(shown.trainR2, 3)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      }
      plot={plot}
    />
  );
}
