/** Small states on their way into the large model’s space: the one place where motion explains. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { TESTED } from '../../experiment/arms';
import type { ActivationsResult, MapResult } from '../../experiment/run';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import type { PlotHandle } from '../figures/PlotView';
import { usePlotTheme } from '../figures/theme';
import { plotText } from '../figures/plot-text';
import { ArmMark } from '../figures/ArmMark';
import { fixed, tokenName } from '../ui/format';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';

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
function nameAt(words: Words, labels: ActivationsResult['labels'], i: number): string {
  const { token, partner } = labels[i] ?? { token: `${i}`, partner: undefined };
  if (partner === undefined) return tokenName(token);
  return words.text('activations.morph.tokens', { token: tokenName(token), partner: tokenName(partner) });
}

export function MorphPanel({ map, labels }: { map: MapResult; labels: ActivationsResult['labels'] }) {
  const words = useWords();
  const theme = usePlotTheme();
  const { source, target, mapped } = map.mappedPca;
  const [share, setShare] = useState(0);
  const handle = useRef<PlotHandle | null>(null);
  const frame = useRef(0);

  const plot = useMemo(() => {
    const text = source.map((_, i) => plotText(nameAt(words, labels, i)));
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
      trace(target, words.text('activations.morph.large-trace'), {
        size: 7,
        symbol: ARM_STYLES.large.symbol,
        color: theme.arm('large'),
        opacity: 0.75,
      }),
      trace(source, words.text('activations.morph.small-trace'), {
        size: 6,
        symbol: ARM_STYLES.mapped.symbol,
        color: theme.arm(TESTED),
        opacity: 0.9,
      }),
    ];
    const all = [source, target, mapped];
    const layout = theme.layout({
      xaxis: theme.axis(words.text('activations.morph.axis', { axis: 1 }), { range: range(all, 0), nticks: 5 }),
      yaxis: theme.axis(words.text('activations.morph.axis', { axis: 2 }), { range: range(all, 1), nticks: 5 }),
    });
    return { data, layout, height: 380 };
  }, [source, target, mapped, labels, theme, words]);

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
      title={words.text('activations.morph.title')}
      caption={words.text('activations.morph.caption', {
        source: map.layers.source,
        target: map.layers.target,
        r2: fixed(map.heldOutR2),
      })}
      table={{
        head: ['token', 'source_x', 'source_y', 'mapped_x', 'mapped_y', 'target_x', 'target_y'],
        rows: source.map((p, i) => [labels[i]?.token ?? '', ...p, ...mapped[i], ...target[i]]),
      }}
      cursor={[
        {
          name: words.text('activations.morph.mapped'),
          curve: 1,
          points: source.map((_, i) => ({
            label: words.text('activations.morph.point', {
              token: nameAt(words, labels, i),
              mappedX: fixed(mapped[i][0]),
              mappedY: fixed(mapped[i][1]),
              largeX: fixed(target[i][0]),
              largeY: fixed(target[i][1]),
            }),
          })),
        },
      ]}
      legend={
        <div className="morph-controls">
          <span>
            <ArmMark arm="large" /> {words.text('ui.large')}
          </span>
          <span>
            <ArmMark arm="mapped" /> {words.text('ui.small')}
          </span>
          <label>
            {words.text('activations.morph.as-it-is')}
            <input
              type="range"
              min={0}
              max={1}
              step={0.01}
              value={share}
              aria-label={words.text('activations.morph.slider')}
              data-testid="morph-slider"
              onChange={(event) => setShare(Number(event.target.value))}
            />
            {words.text('activations.morph.mapped')}
          </label>
          <button type="button" className="quiet" onClick={sweep}>
            {words.text('activations.morph.play')}
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
