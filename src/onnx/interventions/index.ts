/** The operations on the residual stream, by the names that an experiment gives them. A new one is a file beside these and a line here. */
import type { Operation } from '../../experiment/schema';
import { ablate } from './ablate';
import { add } from './add';
import { addKeepNorm } from './add-keep-norm';
import { cap } from './cap';
import { clamp } from './clamp';
import type { InterventionKind } from './kind';

export const INTERVENTIONS = {
  add,
  'add-keep-norm': addKeepNorm,
  clamp,
  cap,
  ablate,
} satisfies Record<Operation, InterventionKind> as Readonly<Record<Operation, InterventionKind>>;

export type { InterventionKind, SideInput } from './kind';
