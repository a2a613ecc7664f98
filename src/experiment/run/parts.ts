/** Pieces that the schemas of all stages are made of. */
import { z } from 'zod';
import { isCore, type Arm, type PerArm } from '../arms';

/** JSON has no NaN: a number that could not be computed is written as null, and is NaN again when it is read. */
export const measured = z.union([z.number(), z.null().transform(() => Number.NaN)]);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const numberPair = z.tuple([measured, measured]);
export const numberRows = z.array(z.array(measured));
export const strings = z.array(z.string());

/** An object that has each of the keys. */
export const every = <K extends string, V extends z.ZodType>(
  keys: readonly K[],
  value: V,
): z.ZodObject<Record<K, V>, z.core.$strict> =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, value])) as Record<K, V>);

/** One value for each arm; a run of an older version lacks the controls that came later. */
export const perArm = <A extends Arm, V extends z.ZodType>(
  arms: readonly A[],
  value: V,
): z.ZodType<PerArm<A, z.infer<V>>> =>
  z.strictObject(
    Object.fromEntries(arms.map((arm) => [arm, isCore(arm) ? value : value.optional()])),
  ) as unknown as z.ZodType<PerArm<A, z.infer<V>>>;
