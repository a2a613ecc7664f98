/**
 * The dose slider: a ruler from one end of the concept to the other, with the zones, the
 * measured stops, the usable window and the chosen dose marked on it.
 */
import { memo, useMemo, type KeyboardEvent } from 'react';
import type { EvidenceResult, SteerResult } from '../../experiment/run';
import { measuredStops, tickStep, unitPerR, UNITS, zonesOf, type DoseUnit, type Zone } from '../state/dose';
import { setDose, useLab } from '../state/store';
import { Help } from '../ui/Help';
import { fixed, signed } from '../ui/format';
import { useWords } from '../state/text';
import { DoseNumber } from './DoseNumber';
import { DoseSlider } from './DoseSlider';

interface Props {
  steer: SteerResult;
  evidence: EvidenceResult | null;
  /** Names of the ends of the axis. */
  negative: string;
  positive: string;
}

const DIGITS: Record<DoseUnit, number> = { r: 2, alpha: 1, isoKl: 2 };
const STEP = 0.01;

export function DoseRuler({ steer, evidence, negative, positive }: Props) {
  const words = useWords();
  const dose = useLab((s) => s.dose);
  const unit = useLab((s) => s.unit);
  const verdict = evidence?.verdict ?? null;
  const stops = useMemo(
    () => measuredStops(steer.axis.stops, evidence?.doseResponse ?? []),
    [steer.axis.stops, evidence],
  );
  const low = stops[0];
  const high = stops[stops.length - 1];
  const extent = Math.max(high, -low);
  const zones = useMemo(() => (evidence ? zonesOf(evidence, extent) : []), [evidence, extent]);
  const place = (r: number): string => `${((r + extent) / (2 * extent)) * 100}%`;
  const factor = unitPerR(steer, unit) ?? 1;

  function onKey(event: KeyboardEvent): void {
    // Page keys go from one measured stop to the next; zero is one key away.
    const to =
      event.key === '0'
        ? 0
        : event.key === 'PageUp'
          ? (stops.find((stop) => stop > dose + STEP / 2) ?? high)
          : event.key === 'PageDown'
            ? ([...stops].reverse().find((stop) => stop < dose - STEP / 2) ?? low)
            : null;
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    setDose(to);
  }

  return (
    <section className="dose" aria-label={words.text('steer.dose')}>
      <div className="dose-head">
        <h2>
          {words.text('steer.dose')}
          <Help about={words.text('steer.dose.about')}>{words.text('steer.dose.help')}</Help>
        </h2>
        <UnitSwitch steer={steer} dose={dose} unit={unit} />
        <DoseNumber
          label={words.text('steer.dose.number', { unit: words.text(`steer.unit.${unit}`) })}
          value={dose * factor}
          low={low * factor}
          high={high * factor}
          digits={DIGITS[unit]}
          onChange={(value) => setDose(value / factor)}
        />
        <div className="dose-jumps">
          <button type="button" className="quiet" onClick={() => setDose(0)}>
            {words.text('steer.dose.zero')}
          </button>
          {verdict && (
            <button
              type="button"
              className="quiet"
              onClick={() => setDose(Math.sign(dose || 1) * Math.abs(verdict.chosenDose.r))}
            >
              {words.text('steer.dose.chosen')}
            </button>
          )}
        </div>
      </div>
      <div className="ruler" onKeyDownCapture={onKey}>
        <Scale
          stops={stops}
          zones={zones}
          extent={extent}
          factor={factor}
          window={verdict?.usableWindow.largestR ?? null}
          chosen={verdict ? Math.abs(verdict.chosenDose.r) : null}
          negative={negative}
          positive={positive}
        />
        <div
          className="ruler-slider"
          style={{ left: place(low), right: `${100 - ((high + extent) / (2 * extent)) * 100}%` }}
        >
          <DoseSlider
            label={words.text('steer.dose.slider')}
            valueText={words.text('steer.dose.value', {
              r: signed(dose),
              side: dose > 0 ? 'positive' : dose < 0 ? 'negative' : 'none',
              positive,
              negative,
            })}
            value={dose}
            low={low}
            high={high}
            step={STEP}
            onChange={setDose}
          />
        </div>
      </div>
    </section>
  );
}

/** All three scales at once; choosing one sets the ticks and the number box. */
function UnitSwitch({ steer, dose, unit }: { steer: SteerResult; dose: number; unit: DoseUnit }) {
  const words = useWords();
  return (
    <fieldset className="units">
      <legend className="visually-hidden">{words.text('steer.dose.unit')}</legend>
      {UNITS.map((each) => {
        const factor = unitPerR(steer, each);
        return (
          <label
            key={each}
            title={factor === null ? words.text('steer.unit.none') : words.text(`steer.unit.${each}.help`)}
          >
            <input
              type="radio"
              name="dose-unit"
              checked={unit === each}
              disabled={factor === null}
              onChange={() => useLab.setState({ unit: each })}
            />
            <span className="unit-name">{words.text(`steer.unit.${each}`)}</span>
            <span className="unit-value">{factor === null ? '–' : signed(dose * factor, DIGITS[each])}</span>
          </label>
        );
      })}
    </fieldset>
  );
}

interface ScaleProps {
  stops: readonly number[];
  zones: readonly Zone[];
  extent: number;
  factor: number;
  window: number | null;
  chosen: number | null;
  negative: string;
  positive: string;
}

/** Everything on the ruler that stands still while the thumb moves. */
const Scale = memo(function Scale({ stops, zones, extent, factor, window, chosen, negative, positive }: ScaleProps) {
  const words = useWords();
  const place = (r: number): string => `${((r + extent) / (2 * extent)) * 100}%`;
  const ticks = useMemo(() => {
    const step = tickStep(2 * extent * factor, 7);
    const minor = step / 5;
    const n = Math.floor((extent * factor) / minor + 1e-9);
    return Array.from({ length: 2 * n + 1 }, (_, i) => ({
      at: ((i - n) * minor) / factor,
      major: (i - n) % 5 === 0,
      value: (i - n) * minor,
      step,
    }));
  }, [extent, factor]);
  const decimals = ticks[0].step >= 1 ? 0 : ticks[0].step >= 0.1 ? 1 : 2;
  return (
    <div className="ruler-scale" aria-hidden="true">
      <span className="ruler-end ruler-end-low">{negative}</span>
      <span className="ruler-end ruler-end-high">{positive}</span>
      <span className="ruler-band" />
      {zones.map(({ name, from, to }) => (
        <span
          key={`${name} ${from}`}
          className={`zone zone-${name} ${to <= 0 ? 'zone-low' : 'zone-high'}`}
          style={{ left: place(from), width: `${((to - from) / (2 * extent)) * 100}%` }}
        >
          <span>{words.text(`steer.zone.${name}`)}</span>
        </span>
      ))}
      {stops.map((stop) => (
        <span key={stop} className="ruler-stop" style={{ left: place(stop) }} />
      ))}
      {ticks.map((tick) => (
        <span key={tick.value} className={tick.major ? 'tick tick-major' : 'tick'} style={{ left: place(tick.at) }}>
          {tick.major && <b>{fixed(tick.value, decimals)}</b>}
        </span>
      ))}
      {chosen !== null &&
        [-chosen, chosen].map((r) => <span key={r} className="ruler-chosen" style={{ left: place(r) }} />)}
      {window !== null && (
        <span
          className="ruler-window"
          style={{
            left: place(-Math.min(window, extent)),
            right: `${100 - ((Math.min(window, extent) + extent) / (2 * extent)) * 100}%`,
          }}
        >
          <span>{words.text('steer.dose.window')}</span>
        </span>
      )}
    </div>
  );
});
