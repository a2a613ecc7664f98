/** What the figures over the dose have in common. */
import type { DosedArm } from '../../experiment/arms';
import type { DoseCell } from '../../experiment/run';

/** Cells of one arm along the dose. Where both halves have a dose, the half that reports is drawn as the point. */
export function along(cells: readonly DoseCell[], arm: DosedArm): DoseCell[] {
  const byDose = new Map<number, DoseCell>();
  for (const cell of cells)
    if (cell.arm === arm && (cell.half === 'report' || !byDose.has(cell.r))) byDose.set(cell.r, cell);
  return [...byDose.values()].sort((a, b) => a.r - b.r);
}

const faded = (color: string, share: number): string => `color-mix(in srgb, ${color} ${share}%, transparent)`;

/** A colour made transparent. Plotly reads no color-mix: the alpha goes into a hex colour. */
export const withAlpha = (color: string, alpha: string): string =>
  /^#[0-9a-f]{6}$/i.test(color) ? color + alpha : faded(color, 20);
