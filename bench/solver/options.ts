/** The bench's command line. */

export const TABLES = ['accuracy', 'drivers', 'speed', 'peak'] as const;
export type TableName = (typeof TABLES)[number];

export interface BenchOptions {
  quick: boolean;
  tables: readonly TableName[];
  json: string | null;
}

/** @throws RangeError naming the argument that is not understood */
export function parseOptions(args: readonly string[]): BenchOptions {
  const options: BenchOptions = { quick: false, tables: TABLES, json: null };
  for (let i = 0; i < args.length; i++) {
    const value = (): string => {
      const next = args[++i];
      if (next === undefined || next.startsWith('--')) throw new RangeError(`${args[i - 1]} needs a value.`);
      return next;
    };
    if (args[i] === '--quick') options.quick = true;
    else if (args[i] === '--json') options.json = value();
    else if (args[i] === '--only') {
      const names = value().split(',');
      const unknown = names.find((name) => !TABLES.includes(name as TableName));
      if (unknown !== undefined) throw new RangeError(`There is no table “${unknown}”: ${TABLES.join(', ')}.`);
      options.tables = TABLES.filter((name) => names.includes(name));
    } else throw new RangeError(`The argument ${args[i]} is not understood.`);
  }
  return options;
}
