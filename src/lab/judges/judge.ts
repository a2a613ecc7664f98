/** What a judge is. One file a judge; the registry is index.ts. */
import type { LabContext } from '../context';

/** 1 positive, −1 negative, 0 undecided. */
export type Side = 1 | 0 | -1;

/** What is judged: the text that the model was given, and what it wrote. */
export interface Judged {
  prompt: string;
  text: string;
}

/** What a judge may use: a model to ask, and the signal to stop. */
export type JudgeContext = Pick<LabContext, 'runtime' | 'signal'>;

/** Says of each continuation which side of the concept it is on, in order. */
export type Judge = (batch: readonly Judged[], context: JudgeContext) => Promise<Side[]>;

/** A judge that looks at one continuation at a time. */
export const oneByOne =
  (judge: (judged: Judged) => Side): Judge =>
  async (batch) =>
    batch.map(judge);
