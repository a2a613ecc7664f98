/** The thumb of the dose ruler: a native range, on which what is seen of it is drawn. */
import type { KeyboardEvent } from 'react';

interface Props {
  /** Name that screen readers say. */
  label: string;
  /** The value as it is said, with its unit and its side. */
  valueText: string;
  value: number;
  low: number;
  high: number;
  step: number;
  onChange: (value: number) => void;
}

export function DoseSlider({ label, valueText, value, low, high, step, onChange }: Props) {
  // The steps of a range begin at its low end: zero and the high end need not be among them, and are put right here.
  const snap = (to: number): number => (Math.abs(to) < step / 2 ? 0 : high - to < step ? high : to);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    onChange(event.key === 'Home' ? low : high);
  };
  return (
    <div className="ruler-track" data-testid="dose-slider">
      <input
        type="range"
        className="ruler-input"
        aria-label={label}
        aria-valuetext={valueText}
        value={value}
        min={low}
        max={high}
        step={step}
        onKeyDown={onKeyDown}
        onChange={(event) => onChange(snap(event.target.valueAsNumber))}
      />
      <span className="ruler-thumb" style={{ left: `${((value - low) / (high - low || 1)) * 100}%` }}>
        <span className="ruler-grip" />
      </span>
    </div>
  );
}
