import { metric } from './metric';

/** Continuations that the judge puts on neither side. */
export const undecided = metric({
  id: 'undecided',
  column: 'undecided',
  unit: 'count',
  digits: 0,
  costly: 'higher',
  shown: false,
  of: ({ sides }) => sides.filter((side) => side === 0).length,
});
