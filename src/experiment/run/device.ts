/** The part of a run that says what it was computed on. */
import { z } from 'zod';
import { messageSchema } from '../message';
import { measured } from './parts';

export const BACKENDS = ['webgpu', 'wasm'] as const;
export type Backend = (typeof BACKENDS)[number];

const tiles = z.strictObject({ narrow: z.string(), wide: z.string() });

export const deviceSchema = z.strictObject({
  backend: z.enum(BACKENDS),
  /** Why this backend: chosen by the lab, or asked for. */
  chosenBy: z.enum(['auto', 'user']),
  reason: messageSchema,
  adapter: z.string(),
  softwareAdapter: z.boolean(),
  userAgent: z.string(),
  versions: z.record(z.string(), z.string()),
  /** Tiles of the matrix products on this device (narrow and wide), and how they were chosen; null on WASM. */
  tuning: z
    .strictObject({
      source: z.enum(['measured', 'stored', 'default']),
      atb: tiles,
      ab: tiles,
      workgroups: measured,
      problem: messageSchema.nullable(),
    })
    .nullable(),
  /** The backend's products and fit against float64, run when the engine started; null in runs of version 1, which had none. */
  selfTest: z
    .strictObject({
      passed: z.boolean(),
      milliseconds: measured,
      cases: z.array(
        z.strictObject({
          kernel: z.string(),
          name: z.string(),
          maxRelativeError: measured,
          tolerance: measured,
          passed: z.boolean(),
        }),
      ),
    })
    .nullable(),
});

export type DeviceReport = z.infer<typeof deviceSchema>;
