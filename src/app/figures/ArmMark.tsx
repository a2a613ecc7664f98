/** The mark of an arm, the same shape as on the figures. */
import type { Arm, ComparedArm } from '../../experiment/arms';
import { ARM_STYLES } from './arms';

export function ArmMark({ arm }: { arm: Arm | ComparedArm }) {
  const { symbol, color } = ARM_STYLES[arm];
  const ink = `var(${color})`;
  return (
    <svg className="arm-mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {symbol === 'circle' && <circle cx="6" cy="6" r="4.2" fill={ink} />}
      {symbol === 'circle-open' && <circle cx="6" cy="6" r="3.7" fill="none" stroke={ink} strokeWidth="1.6" />}
      {symbol === 'square' && <rect x="2.2" y="2.2" width="7.6" height="7.6" fill={ink} />}
      {symbol === 'square-open' && (
        <rect x="2.7" y="2.7" width="6.6" height="6.6" fill="none" stroke={ink} strokeWidth="1.6" />
      )}
      {symbol === 'diamond' && <path d="M6 .8 11.2 6 6 11.2.8 6z" fill={ink} />}
      {symbol === 'triangle-up' && <path d="M6 1.6 11 10.4H1z" fill={ink} />}
      {symbol === 'triangle-down' && <path d="M6 10.4 11 1.6H1z" fill={ink} />}
      {symbol === 'triangle-left' && <path d="M1.6 6 10.4 1v10z" fill={ink} />}
      {symbol === 'triangle-right' && <path d="M10.4 6 1.6 1v10z" fill={ink} />}
      {symbol === 'cross-thin' && <path d="M6 1v10M1 6h10" stroke={ink} strokeWidth="1.8" fill="none" />}
      {symbol === 'x-thin' && <path d="m2.4 2.4 7.2 7.2m0-7.2-7.2 7.2" stroke={ink} strokeWidth="1.8" fill="none" />}
    </svg>
  );
}
