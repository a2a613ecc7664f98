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

/** One condition number, all λ of it. */
export interface SpectrumCase {
  name: string;
  states: StatesOptions;
  /** Of the map's error and of R²'s. */
  lambdas: readonly number[];
  /** λ of which only R² is compared: float32 data do not determine the map. */
  onlyR2: readonly number[];
  /** Passes over the rows that the fit must take. */
  passes: number;
}

function condition(sourceWidth: number, targetWidth: number, rows: number, standardisedKappa: number, misleading = 0): SpectrumCase {
  const worst = standardisedKappa >= 1e10;
  return {
    name: `${sourceWidth} → ${targetWidth}, standardised κ = ${standardisedKappa.toExponential(0)}${misleading > 0 ? ', first rows unrepresentative' : ''}`,
    states: { sourceWidth, targetWidth, rows: rows + HELD_OUT, standardisedKappa, seed: 5, misleading },
    lambdas: worst ? [1e-4, 1e-2, 1] : [0, 1e-6, 1e-4, 1e-2, 1],
    onlyR2: worst ? [0] : [],
    passes: misleading > 0 ? 2 : 1,
  };
}

/** Relative Frobenius error of W ≤ 1e-4 and |ΔR²| ≤ 1e-6 at every one. */
export const SPECTRA: readonly SpectrumCase[] = [
  condition(48, 64, 4096, 2e4),
  condition(48, 64, 4096, 2e6),
  condition(48, 64, 4096, 2e8),
  condition(48, 64, 4096, 2e10),
  condition(96, 128, 4096, 2e8),
  condition(96, 128, 4096, 2e10),
  condition(48, 64, 4096, 2e4, 1300),
  condition(48, 64, 4096, 2e6, 1300),
  condition(48, 64, 4096, 2e8, 1300),
  condition(48, 64, 4096, 2e10, 1300),
];

/** The rows that are not held out. */
export function trainingRows(data: PairedStates): PairedStates {
  const rows = data.rows - HELD_OUT;
  return { ...data, rows, X: data.X.slice(0, rows * data.sourceWidth), Y: data.Y.slice(0, rows * data.targetWidth) };
}
