/** Numbers as the page writes them: a true minus, thin spaces in thousands, steady decimals. */
export { hostName } from '../../net/http';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export const count = (value: number): string =>
  Number.isFinite(value) ? grouped.format(value).replaceAll(',', '\u202f') : '–';

export function fixed(value: number | null | undefined, digits = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return value.toFixed(digits).replace('-', '−');
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
  if (size >= 0.001 && size < 1000) return Number(value.toPrecision(3)).toString().replace('-', '−');
  const [mantissa, exponent] = value.toExponential(1).split('e');
  if (mantissa === '1.0') return `10${superscript(Number(exponent))}`;
  return `${mantissa}·10${superscript(Number(exponent))}`.replace('-', '−');
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
function superscript(value: number): string {
  const digits = [...String(Math.abs(value))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('');
  return (value < 0 ? '⁻' : '') + digits;
}

export const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits).replace('-', '−')} %`;

export function millions(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} M` : `${(value / 1e3).toFixed(0)} k`;
}

export function bytes(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} GB`;
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e3).toFixed(0)} kB`;
}

export function seconds(milliseconds: number): string {
  return milliseconds < 950 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

export const interval = ([low, high]: [number, number], digits = 2): string =>
  `[${fixed(low, digits)}, ${fixed(high, digits)}]`;

/** A token with its spaces made visible. */
export const tokenName = (token: string): string => token.replaceAll(' ', '·').replaceAll('\n', '↵') || '∅';

const moment = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** Day and minute, in the visitor's time. */
export const dateTime = (milliseconds: number): string => moment.format(milliseconds);
