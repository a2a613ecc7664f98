/** A choice among a few, all visible: radio buttons in one strip. */
import { useId } from 'react';

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: string; disabled?: boolean; title?: string }[];
  onChange: (value: T) => void;
  showLabel?: boolean;
}

export function Segmented<T extends string>({ label, value, options, onChange, showLabel = false }: Props<T>) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className={showLabel ? undefined : 'visually-hidden'}>{label}</legend>
      <span className="segmented-strip">
        {options.map((option) => (
          <label key={option.value} title={option.title}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              disabled={option.disabled}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </span>
    </fieldset>
  );
}
