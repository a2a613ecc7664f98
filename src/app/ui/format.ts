/**
 * Numbers and dates as the page writes them: in the reader's language, with a true minus, thin spaces in thousands and
 * steady decimals.
 */
import type { Locale } from '../../i18n/text';
import { currentLocale } from '../state/text';

export { hostName } from '../../net/http';

/** Language tags by which dates are written: English ones have the day before the month. */
const DATES: Record<Locale, string> = { en: 'en-GB' };

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const locale = currentLocale();
  const key = JSON.stringify([locale, options]);
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locale, options);
  formats.set(key, made);
  return made;
}

const decimals = (value: number, digits: number): string =>
  formatOf({ minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false })
    .format(value)
    .replace('-', '−');

const figures = (value: number, digits: number): string =>
  formatOf({ maximumSignificantDigits: digits, useGrouping: false }).format(value).replace('-', '−');

export const count = (value: number): string =>
  Number.isFinite(value)
    ? formatOf({ maximumFractionDigits: 0 })
        .formatToParts(value)
        .map((part) => (part.type === 'group' ? '\u202f' : part.value))
        .join('')
    : '–';

export function fixed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return decimals(value, digits);
}

/** Signed, so that the direction is seen at once; zero has no sign. */
export function signed(value: number, digits = 2): string {
  const body = fixed(Math.abs(value), digits);
  if (Number(Math.abs(value).toFixed(digits)) === 0) return body;
  return (value > 0 ? '+' : '−') + body;
}

/** Three figures, or a power of ten where those would be zeros. */
export function compact(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 0.001 && size < 1000) return figures(value, 3);
  const [mantissa, exponent] = value.toExponential(1).split('e');
  if (mantissa === '1.0') return `10${superscript(Number(exponent))}`;
  return `${decimals(Number(mantissa), 1)}·10${superscript(Number(exponent))}`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
function superscript(value: number): string {
  const digits = [...String(Math.abs(value))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return (value < 0 ? '⁻' : '') + digits;
}

export const percent = (share: number, digits = 0): string => `${decimals(share * 100, digits)} %`;

export function millions(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  if (value >= 1e9) return `${decimals(value / 1e9, 2)} G`;
  return value >= 1e6 ? `${decimals(value / 1e6, 2)} M` : `${decimals(value / 1e3, 0)} k`;
}

export function bytes(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1e9) return `${decimals(value / 1e9, 2)} GB`;
  return value >= 1e6 ? `${decimals(value / 1e6, 1)} MB` : `${decimals(value / 1e3, 0)} kB`;
}

export function seconds(milliseconds: number): string {
  return milliseconds < 950 ? `${decimals(milliseconds, 0)} ms` : `${decimals(milliseconds / 1000, 1)} s`;
}

export const interval = ([low, high]: [number, number], digits = 2): string =>
  `[${fixed(low, digits)}, ${fixed(high, digits)}]`;

/** A token with its spaces made visible. */
export const tokenName = (token: string): string => token.replaceAll(' ', '·').replaceAll('\n', '↵') || '∅';

/** Day and minute, in the visitor's time. */
export const dateTime = (milliseconds: number): string =>
  new Intl.DateTimeFormat(DATES[currentLocale()], {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  }).format(milliseconds);

/** A measure's value as it is read in a line: shares that are counted in tenths of a per cent as per cent. */
export function measureText(value: number | null, { unit, digits }: { unit: string; digits: number }): string {
  if (value === null || !Number.isFinite(value)) return '–';
  return unit === 'share' && digits > 2 ? percent(value, digits - 2) : fixed(value, digits);
}
