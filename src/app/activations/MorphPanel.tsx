/** Small states on their way into the large model’s space: the one place where motion explains. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { TESTED } from '../../experiment/arms';
import type { ActivationsResult, MapResult } from '../../experiment/run';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import type { PlotHandle } from '../figures/PlotView';
import { usePlotTheme } from '../figures/theme';
import { plotText } from '../figures/plot-text';
import { ArmMark } from '../ui/ArmMark';
import { fixed, tokenName } from '../ui/format';

const SWEEP_MS = 1600;

type Points = [number, number][];

const mix = (from: Points, to: Points, share: number, axis: 0 | 1): number[] =>
  from.map((point, i) => point[axis] + (to[i][axis] - point[axis]) * share);

/** A range that holds every point at both ends of the morph: the axes stand still. */
function range(all: Points[], axis: 0 | 1): [number, number] {
  const values = all.flatMap((points) => points.map((point) => point[axis]));
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = (high - low) * 0.05 || 1;
  return [low - pad, high + pad];
}

/** The token of a row: both, where the models have different ones there. */
const nameAt = (labels: ActivationsResult['labels'], i: number): string =>
  [labels[i]?.token ?? `${i}`, labels[i]?.partner]
    .filter((token) => token !== undefined)
    .map(tokenName)
    .join(' and ');

export function MorphPanel({ map, labels }: { map: MapResult; labels: ActivationsResult['labels'] }) {
  const theme = usePlotTheme();
  const { source, target, mapped } = map.mappedPca;
  const [share, setShare] = useState(0);
  const handle = useRef<PlotHandle | null>(null);
  const frame = useRef(0);

  const plot = useMemo(() => {
    const text = source.map((_, i) => plotText(nameAt(labels, i)));
    const trace = (points: Points, name: string, marker: Record<string, unknown>): Record<string, unknown> => ({
      type: 'scatter',
      mode: 'markers',
      name,
      x: points.map((p) => p[0]),
      y: points.map((p) => p[1]),
      text,
      hovertemplate: `%{text}<extra>${name}</extra>`,
      marker,
    });
    const data = [
      trace(target, 'large', { size: 7, symbol: ARM_STYLES.large.symbol, color: theme.arm('large'), opacity: 0.75 }),
      trace(source, 'small, on its way', {
        size: 6,
        symbol: ARM_STYLES.mapped.symbol,
        color: theme.arm(TESTED),
        opacity: 0.9,
      }),
    ];
    const all = [source, target, mapped];
    const layout = theme.layout({
      xaxis: theme.axis('PC 1 of the large model', { range: range(all, 0), nticks: 5 }),
      yaxis: theme.axis('PC 2 of the large model', { range: range(all, 1), nticks: 5 }),
    });
    return { data, layout, height: 380 };
  }, [source, target, mapped, labels, theme]);

  useEffect(() => {
    handle.current?.restyle({ x: [mix(source, mapped, share, 0)], y: [mix(source, mapped, share, 1)] }, [1]);
  }, [share, source, mapped, plot]);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  function sweep(): void {
    cancelAnimationFrame(frame.current);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      setShare(1);
      return;
    }
    const begin = performance.now();
    const step = (now: number): void => {
      const t = Math.min(1, (now - begin) / SWEEP_MS);
      setShare(t * t * (3 - 2 * t));
      if (t < 1) frame.current = requestAnimationFrame(step);
    };
    frame.current = requestAnimationFrame(step);
  }

  return (
    <Figure
      name="morph"
      className="morph"
      title="Small states carried into the large space"
      caption={`Left end: the small model’s own coordinates after block ${map.layers.source}. Right end: the same points through the map, on the axes of the large model’s block ${map.layers.target}. Held-out R² ${fixed(map.heldOutR2)}.`}
      table={{
        head: ['token', 'source_x', 'source_y', 'mapped_x', 'mapped_y', 'target_x', 'target_y'],
        rows: source.map((p, i) => [labels[i]?.token ?? '', ...p, ...mapped[i], ...target[i]]),
      }}
      cursor={[
        {
          name: 'mapped',
          curve: 1,
          points: source.map((_, i) => ({
            label: `${nameAt(labels, i)}: mapped ${fixed(mapped[i][0])}, ${fixed(mapped[i][1])}; large ${fixed(target[i][0])}, ${fixed(target[i][1])}`,
          })),
        },
      ]}
      legend={
        <div className="morph-controls">
          <span>
            <ArmMark arm="large" /> Large
          </span>
          <span>
            <ArmMark arm="mapped" /> Small
          </span>
          <label>
            as it is
            <input
              type="range"
              min={0}
              max={1}
              step={0.01}
              value={share}
              aria-label="From the small model’s coordinates to the mapped ones"
              data-testid="morph-slider"
              onChange={(event) => setShare(Number(event.target.value))}
            />
            mapped
          </label>
          <button type="button" className="quiet" onClick={sweep}>
            Play
          </button>
        </div>
      }
      plot={{
        ...plot,
        onReady: (ready) => {
          handle.current = ready;
          if (share > 0) ready.restyle({ x: [mix(source, mapped, share, 0)], y: [mix(source, mapped, share, 1)] }, [1]);
        },
      }}
    />
  );
}
