/** The arms on a figure, named once beside their marks. */
import type { Arm } from '../../experiment/arms';
import { ArmMark } from './ArmMark';
import { ARM_STYLES } from './arms';

export function Legend({ arms }: { arms: readonly Arm[] }) {
  return (
    <ul className="legend">
      {arms.map((arm) => (
        <li key={arm}>
          <ArmMark arm={arm} />
          {ARM_STYLES[arm].name}
        </li>
      ))}
    </ul>
  );
}
