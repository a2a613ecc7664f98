/** Cases of the streaming fit: run by the GPU suite on the WGSL fit and by the unit suite on the float64 fit, both against Householder QR. */
import type { PairedStates, StatesOptions } from '../../math/testing/activations';

export interface FitCase {
  name: string;
  /** The last HELD_OUT rows are held out. */
  states: StatesOptions;
  lambda: number;
  /** Largest relative Frobenius error of W (and of p). */
  tolerance: number;
}

export const HELD_OUT = 512;

function spectrum(kappa: number, lambda: number): FitCase {
  return {
    name: `48 → 64, κ = ${kappa.toExponential(0)}, λ = ${lambda}`,
    states: { sourceWidth: 48, targetWidth: 64, rows: 4096 + HELD_OUT, kappa, seed: 3 },
    lambda,
    tolerance: 1e-4,
  };
}

function oddWidths(sourceWidth: number, targetWidth: number, lambda: number): FitCase {
  return {
    name: `odd widths ${sourceWidth} → ${targetWidth}, λ = ${lambda}`,
    states: { sourceWidth, targetWidth, rows: 1500 + HELD_OUT, kappa: 1e3, seed: 6 },
    lambda,
    tolerance: 1e-5,
  };
}

export const FIT_CASES: readonly FitCase[] = [
  spectrum(1e4, 0),
  spectrum(1e4, 1e-4),
  spectrum(1e6, 0),
  spectrum(1e6, 1e-4),
  spectrum(1e8, 0),
  spectrum(1e8, 1e-4),
  oddWidths(1, 1, 0),
  oddWidths(5, 3, 1e-2),
  oddWidths(33, 70, 0),
  oddWidths(130, 37, 1e-3),
];

/** The rows that are not held out. */
export function trainingRows(data: PairedStates): PairedStates {
  const rows = data.rows - HELD_OUT;
  return { ...data, rows, X: data.X.slice(0, rows * data.sourceWidth), Y: data.Y.slice(0, rows * data.targetWidth) };
}
