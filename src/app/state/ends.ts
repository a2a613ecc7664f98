/** Names of the two ends of a concept. */
import type { Experiment } from '../../experiment/schema';
import { usePreset } from './catalog';

export interface Ends {
  positive: string;
  negative: string;
}

const UNNAMED: Ends = { positive: 'positive', negative: 'negative' };

export function useEnds({ concept }: Experiment): Ends {
  const preset = usePreset(concept.kind === 'preset' ? concept.id : null).value;
  return concept.kind === 'pairs' ? concept : (preset?.concept ?? UNNAMED);
}
