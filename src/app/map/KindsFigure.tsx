/** Every kind of map of the pair, side by side: a table to choose from, and what each rank keeps. */
import { useMemo } from 'react';
import type { MapResult, MapStatistics } from '../../experiment/run';
import { MAP_KINDS, type MapKind } from '../../experiment/schema';
import { Figure } from '../figures/Figure';
import { plotLines } from '../figures/plot-text';
import { usePlotTheme } from '../figures/theme';
import { isLive, rerunIfLive } from '../state/engine';
import { editExperiment, useLab } from '../state/store';
import { fixed } from '../ui/format';
import { Help } from '../ui/Help';
import { useWords } from '../state/text';

/** Where the axis ends below: a map that is far worse than the mean would press the rest flat. */
const LOWEST = -0.25;

type Member = MapResult['family'][number];

export function KindsFigure({ map, statistics }: { map: MapResult; statistics: MapStatistics }) {
  const words = useWords();
  const theme = usePlotTheme();
  const wanted = useLab((s) => s.experiment.map);
  const ranks = useMemo(() => map.family.filter(({ rank }) => rank !== null), [map]);
  const full = statistics.ceiling;
  const others = useMemo(() => map.family.filter(({ rank }) => rank === null), [map]);
  const rankInUse = map.rank;

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
      ...others.filter(({ kind }) => kind !== 'ridge').map((member) => ({ kind: member.kind, r2: member.heldOutR2 })),
      { kind: 'shuffled' as const, r2: map.shuffledR2 },
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
        hovertemplate: `${plotLines(words.text('map.kinds.hover', { rank: '%{x}', r2: '%{y:.3f}' }))}<extra></extra>`,
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis(words.text('map.kinds.rank-axis'), {
        type: 'log',
        tickvals: x,
        ticktext: x.map(String),
        tickfont: { size: 12 },
      }),
      yaxis: theme.axis(words.text('map.held-out-r2.axis'), { nticks: 6, range: [low, high] }),
      shapes: inside.map(({ r2, kind }) => ({
        type: 'line',
        xref: 'paper',
        x0: 0,
        x1: 1,
        y0: r2,
        y1: r2,
        line: { color: kind === 'shuffled' ? theme.failed : theme.muted, width: 1.5, dash: 'dot' },
      })),
      annotations: inside.map(({ r2, kind }, i) => ({
        xref: 'paper',
        x: 0.01,
        xanchor: 'left',
        y: r2,
        yanchor: crowded(i) ? 'top' : 'bottom',
        text: words.text(`map.kind.${kind}.line`),
        showarrow: false,
        font: { size: 12, color: theme.muted },
      })),
    });
    return { data, layout, height: 250 };
  }, [map, others, ranks, full, rankInUse, theme, words]);

  const below = others
    .filter(({ heldOutR2 }) => heldOutR2 < LOWEST)
    .map(({ kind, heldOutR2 }) =>
      words.text('map.kinds.below', { kind: words.text(`map.kind.${kind}.line`), r2: fixed(heldOutR2, 2) }),
    );
  return (
    <Figure
      name="kinds"
      className="kinds-figure"
      title={words.text('map.kinds.title')}
      caption={words.text('map.kinds.caption', { rank: full, below: below.join(', ') || 'none' })}
      table={{
        head: ['kind', 'rank', 'held_out_r2', 'train_r2'],
        rows: map.family.map((m) => [m.kind, m.rank ?? '', m.heldOutR2, m.trainR2]),
      }}
      cursor={[
        {
          name: words.text('map.kinds.rank-series'),
          curve: 0,
          points: [
            ...ranks.map((m) => ({
              label: words.text('map.kinds.point', { rank: m.rank!, r2: fixed(m.heldOutR2, 3) }),
            })),
            {
              label: words.text('map.kinds.point-ridge', {
                rank: full,
                r2: fixed(others.find(({ kind }) => kind === 'ridge')!.heldOutR2, 3),
              }),
            },
          ],
        },
      ]}
      onPick={(_, point) => (point < ranks.length ? use(ranks[point].kind, ranks[point].rank!) : use('ridge'))}
      pickHint={words.text('map.kinds.pick')}
      legend={
        <table className="data kinds">
          <thead>
            <tr>
              <th scope="col">{words.text('map.kinds.carries')}</th>
              <th scope="col">{words.text('map.held-out-r2.axis')}</th>
              <th scope="col">{words.text('map.kinds.fitted')}</th>
            </tr>
          </thead>
          <tbody>
            {MAP_KINDS.map((kind) => {
              const own = ranks.filter((member) => member.kind === kind);
              const shown: Member | undefined =
                own.find(({ rank }) => rank === wanted.rank) ??
                own.at(-1) ??
                others.find((member) => member.kind === kind);
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
                      {words.text(`map.kind.${kind}`)}
                    </label>
                    {own.length > 0 && (
                      <select
                        aria-label={words.text('map.kinds.rank')}
                        value={shown.rank!}
                        onChange={(event) => use(kind, Number(event.target.value))}
                      >
                        {own.map(({ rank }) => (
                          <option key={rank} value={rank!}>
                            {rank}
                          </option>
                        ))}
                      </select>
                    )}
                    <Help about={words.text(`map.kind.${kind}`)}>{words.text(`map.kind.${kind}.help`)}</Help>
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
