/** How much of the native vector's effect the mapped one has, where that can be estimated. */
import { message } from '../../experiment/message';
import type { ChainFigure, NativeShare } from '../../experiment/run';
import type { Thresholds } from '../../experiment/thresholds';
import { quantile } from '../../math/stats';
import { effectOf, ratioOfEffects, type Judged, type Pole, type Unsteered } from './effects';
import { goesOn, percent, type Asked } from './step';

interface ShareInput {
  mapped: Judged;
  native: Judged;
  base: Unsteered;
  sides: readonly Pole[];
  nulls: readonly Judged[];
  thresholds: Thresholds;
}

/** Fewest null directions that make a band of 95 %. */
const FEW_NULLS = 20;

/** @param sides that the mapped vector moves */
export function nativeShare({ mapped, native, base, sides, nulls, thresholds }: ShareInput): NativeShare {
  const effects = { mapped: effectOf(mapped, base, sides), native: effectOf(native, base, sides) };
  const { value, interval, g } = ratioOfEffects(mapped, native, base, sides);
  const none = nulls.map((arm) => effectOf(arm, base, sides));
  return {
    ...effects,
    ratio: interval !== null && g < thresholds.maxRatioG && effects.native > 0 ? { value, interval } : null,
    g,
    band:
      none.length < FEW_NULLS
        ? null
        : {
            range: [quantile(none, 0.025), quantile(none, 0.975)],
            directions: none.length,
            continuations: nulls[0].prompts.length,
          },
    saturated: Math.min(effects.mapped, effects.native) >= thresholds.saturation,
  };
}

/** The last question: it ends nothing. */
export function shareStep(share: NativeShare, thresholds: Thresholds): Asked {
  const { ratio, g, band, saturated } = share;
  const effect = (of: 'mapped' | 'native'): ChainFigure => ({
    label: message('run.chain.figure.effect', { of }),
    value: share[of],
    interval: null,
    threshold: null,
    counts: null,
  });
  const figures: ChainFigure[] = [
    effect('mapped'),
    effect('native'),
    ...(ratio ? [{ label: message('run.chain.figure.share'), ...ratio, threshold: null, counts: null }] : []),
    {
      label: message('run.chain.figure.g'),
      value: g,
      interval: null,
      threshold: { relation: 'at-most', value: thresholds.maxRatioG },
      counts: null,
    },
    ...(band
      ? [
          {
            label: message('run.chain.figure.band', { directions: band.directions }),
            value: (band.range[0] + band.range[1]) / 2,
            interval: band.range,
            threshold: null,
            counts: null,
          },
        ]
      : []),
  ];
  if (!ratio) return goesOn('share', 'unmeasured', message('run.chain.share.not-estimable'), figures);
  const params = {
    value: percent(ratio.value),
    low: percent(ratio.interval[0]),
    high: percent(ratio.interval[1]),
    saturated: String(saturated),
    limit: percent(thresholds.saturation),
  };
  return goesOn('share', 'yes', message('run.chain.share.yes', params), figures);
}
