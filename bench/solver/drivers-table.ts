/** The figures of several drivers side by side. */
import type { DriverRow, DriverTable } from './types';

export interface DriverFigure {
  name: string;
  tolerance: number;
  error: number | null;
}

export interface DriverFigures {
  adapter: string;
  figures: DriverFigure[];
}

/** Below this the reference's own rounding is compared. */
const FLOAT64_NOISE = 1e-12;

/** Side by side. @throws RangeError if the drivers did not run the same figures */
export function besideEachOther(
  drivers: readonly { name: string; figures: DriverFigures }[],
  notRun: DriverTable['notRun'],
): DriverTable {
  const rows = drivers[0].figures.figures.map(({ name, tolerance }, i): DriverRow => {
    const errors = drivers.map(({ name: driver, figures }) => {
      if (figures.figures[i]?.name !== name) throw new RangeError(`${driver} did not run “${name}”.`);
      return figures.figures[i].error;
    });
    const printed = errors.map((error) => error?.toExponential(1));
    return {
      name,
      tolerance,
      errors,
      met: errors.every((error) => error !== null && error <= tolerance),
      agree:
        printed.every((text) => text === printed[0]) ||
        errors.every((error) => error !== null && error < FLOAT64_NOISE),
    };
  });
  return { drivers: drivers.map(({ name, figures }) => ({ name, adapter: figures.adapter })), notRun, rows };
}
