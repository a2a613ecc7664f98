/** Names of the two ends of a concept. */
import type { Experiment } from '../../experiment/schema';
import { usePreset } from './catalog';
import { useLab } from './store';

export interface ConceptPoles {
  positive: string;
  negative: string;
}

/** While the preset is on its way. */
const UNNAMED: ConceptPoles = { positive: '…', negative: '…' };

export function useConceptPoles({ concept }: Experiment): ConceptPoles {
  // A run carries its own names; the preset file is read only where the concept has been changed since.
  const named = useLab((s) =>
    s.run?.steer.concept && JSON.stringify(s.run.experiment.concept) === JSON.stringify(concept)
      ? s.run.steer.concept
      : null,
  );
  const preset = usePreset(concept.kind === 'preset' && !named ? concept.id : null).value;
  return named ?? (concept.kind !== 'preset' ? concept : (preset?.concept ?? UNNAMED));
}
