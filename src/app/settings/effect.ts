/** What changing a setting computes anew, as a sentence. */
import type { PairShape } from '../../experiment/compared-blocks';
import { message, type Message } from '../../experiment/message';
import { STAGES } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { CHANGES_NOTHING, firstStageReading } from '../../experiment/stage-inputs';

/** @param path of a field of an experiment, with dots @param shape of the pair, where it is known */
export function effectOf(path: string, experiment: Experiment, shape: PairShape | null): Message {
  const stage = firstStageReading(path, experiment, shape);
  if (stage === null) return message(path in CHANGES_NOTHING ? 'settings.changes-nothing' : 'settings.unused');
  const last = stage === STAGES[STAGES.length - 1];
  return message(last ? 'settings.computed-anew-last' : 'settings.computed-anew', {
    stage: message(`stage.${stage}`),
  });
}
