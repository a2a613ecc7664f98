/** One question of the chain, answered. */
import type { Message } from '../../experiment/message';
import type { Answer, ChainFigure, ChainOutcome, ChainStep, Question } from '../../experiment/run';

/** What a question comes to: a step, and the outcome where it ends the chain. */
export interface Asked {
  step: ChainStep;
  ends: ChainOutcome | null;
}

/** Whole per cent; never −0. */
export const percent = (x: number): number => Math.round(100 * x) + 0;

export const goesOn = (question: Question, answer: Answer, sentence: Message, figures: ChainFigure[]): Asked => ({
  step: { question, answer, sentence, figures },
  ends: null,
});

export const ends = (
  question: Question,
  answer: Answer,
  sentence: Message,
  figures: ChainFigure[],
  outcome: ChainOutcome,
): Asked => ({ step: { question, answer, sentence, figures }, ends: outcome });
