/** The command line of the check, as it runs on the machine with the card. */
import { STAGES, type StageName } from './report';

export interface CheckOptions {
  /** Folder for the results. */
  out: string;
  /** Sizes for a software adapter. */
  small: boolean;
  /** A software adapter will do: with `small`, or where it is asked for. */
  software: boolean;
  /** Seconds for all stages together. */
  seconds: number;
  only: readonly StageName[];
}

/** What a run may take in all, with some seconds left for unpacking. */
const SECONDS = 170;

/** @throws RangeError naming the argument that is not understood */
export function parseCheck(args: readonly string[]): CheckOptions {
  const options: CheckOptions = { out: '', small: false, software: false, seconds: SECONDS, only: STAGES };
  for (let i = 0; i < args.length; i++) {
    const value = (): string => {
      const next = args[++i];
      if (next === undefined || next.startsWith('--')) throw new RangeError(`${args[i - 1]} needs a value.`);
      return next;
    };
    if (args[i] === '--small') options.small = options.software = true;
    else if (args[i] === '--software') options.software = true;
    else if (args[i] === '--seconds') {
      const text = value();
      options.seconds = Number(text);
      if (!(options.seconds > 0)) throw new RangeError(`--seconds needs a number above 0, not “${text}”.`);
    } else if (args[i] === '--only') {
      const names = value().split(',');
      const unknown = names.find((name) => !STAGES.includes(name as StageName));
      if (unknown !== undefined) throw new RangeError(`There is no stage “${unknown}”: ${STAGES.join(', ')}.`);
      options.only = STAGES.filter((name) => names.includes(name));
    } else if (args[i].startsWith('--') || options.out !== '')
      throw new RangeError(`The argument ${args[i]} is not understood.`);
    else options.out = args[i];
  }
  if (options.out === '') throw new RangeError('The folder for the results is missing.');
  return options;
}
