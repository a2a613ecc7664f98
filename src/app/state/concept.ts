/** The concept of the settings, put in the place of another. */
import type { Experiment } from '../../experiment/schema';
import { editExperiment } from './store';

type Concept = Experiment['concept'];

const nameOf = (concept: Concept): string => (concept.kind === 'preset' ? concept.id : concept.title);

/** The experiment with another concept, and with its name in the title where that ends in the name of the one before. */
export function withConcept(experiment: Experiment, concept: Concept): Experiment {
  const before = `: ${nameOf(experiment.concept)}`;
  const title = experiment.title.endsWith(before)
    ? `${experiment.title.slice(0, -before.length)}: ${nameOf(concept)}`.slice(0, 120)
    : experiment.title;
  // A vector is of one block: the map has to begin there.
  const map = concept.kind === 'vector' ? { ...experiment.map, sourceLayer: concept.block } : experiment.map;
  return { ...experiment, title, concept, map };
}

export const setConcept = (concept: Concept): void => editExperiment((e) => withConcept(e, concept));

/** The preset that a concept is, or takes its prompts from. */
export const presetOf = (concept: Concept): string => (concept.kind === 'preset' ? concept.id : concept.promptsFrom);
