/** The dose as a number to type: what is typed counts at once where it is a dose, and is written properly on leaving. */
import { useState } from 'react';

interface Props {
  /** Name that screen readers say. */
  label: string;
  value: number;
  low: number;
  high: number;
  /** Decimals shown. */
  digits: number;
  /** Given values inside [low, high]. */
  onChange: (value: number) => void;
}

export function DoseNumber({ label, value, low, high, digits, onChange }: Props) {
  const [draft, setDraft] = useState<string | null>(null);
  return (
    <label className="dose-number">
      <span className="visually-hidden">{label}</span>
      <input
        type="number"
        data-testid="dose-number"
        value={draft ?? value.toFixed(digits)}
        min={low}
        max={high}
        step={10 ** -digits}
        onChange={({ target }) => {
          setDraft(target.value);
          if (!Number.isNaN(target.valueAsNumber)) onChange(Math.max(low, Math.min(high, target.valueAsNumber)));
        }}
        onBlur={() => setDraft(null)}
      />
    </label>
  );
}
