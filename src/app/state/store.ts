/**
 * The page's one store. The experiment is under undo and redo (zundo); results, the
 * engine and the thumb of the dose slider are not.
 */
import { create, useStore } from 'zustand';
import { temporal } from 'zundo';
import { defaultExperiment } from '../../experiment/defaults';
import type { LabErrorJson } from '../../experiment/errors';
import { STAGES, type DeviceReport, type DoseAxis, type Run, type Stage, type StopStreams } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import type { Hideable } from '../../experiment/share/document';
import type { BackendChoice, Progress, ResidenceChoice } from '../../worker/protocol';
import type { DoseUnit } from './dose';
import { emptyStages, isStale, markOf, type Origin, type StageMark, type Stages } from './stages';

/** Continuations of all arms for one prompt, by stop. */
export interface StreamSet {
  prompt: string;
  byStop: Map<number, StopStreams>;
}

export type ThemeChoice = 'system' | 'light' | 'dark';

export interface LabState {
  experiment: Experiment;
  /** Digest of the experiment that the settings were made from: the one last run or opened. Null: from the lab's defaults. */
  parent: string | null;
  stages: Stages;
  selected: Stage;
  /** The last complete run, recorded or live: what the downloads contain. */
  run: Run | null;
  /** Digest of the experiment that the settings of this run were made from. */
  runParent: string | null;
  /** Whether the recorded run of the preset is on its way, was found, or does not exist. */
  recorded: 'loading' | 'found' | 'absent';
  recordedError: LabErrorJson | null;
  engine: { status: 'idle' | 'starting' | 'ready' | 'failed'; device: DeviceReport | null; error: LabErrorJson | null };
  backend: BackendChoice;
  /** Whether both models are kept in memory. */
  residence: ResidenceChoice;
  /** The run in progress. */
  running: { until: Stage; progress: Progress | null; cancelling: boolean } | null;
  /** A reload broke a run off: its settings are here, what it measured is not. */
  interrupted: boolean;
  /** Position of the dose thumb, in r. */
  dose: number;
  unit: DoseUnit;
  /** The axis and continuations of a prompt that the visitor typed; null shows those of the run. */
  ownAxis: DoseAxis | null;
  ownStreams: StreamSet | null;
  /** Where the vectors came from that `ownAxis` and `ownStreams` were steered with; the models were live. */
  ownOrigin: Origin | null;
  prompting: { status: 'idle' | 'working' | 'failed'; error: LabErrorJson | null; progress: Progress | null };
  theme: ThemeChoice;
  /** The resolved theme, for figures that cannot read custom properties. */
  dark: boolean;
  settingsOpen: boolean;
  shareOpen: boolean;
  /** Controls that the link which was opened takes off the page. */
  hidden: Hideable[];
}

const query = new URLSearchParams(location.search);

function initialBackend(): BackendChoice {
  const asked = query.get('backend');
  return asked === 'wasm' || asked === 'webgpu' ? asked : 'auto';
}

function initialResidence(): ResidenceChoice {
  const asked = query.get('memory');
  return asked === 'sequential' ? 'sequential' : asked === 'together' ? asked : 'auto';
}

function initialTheme(): ThemeChoice {
  const kept = document.documentElement.dataset.theme;
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export const systemDark = matchMedia('(prefers-color-scheme: dark)');

const theme = initialTheme();

export const useLab = create<LabState>()(
  temporal(
    (): LabState => ({
      experiment: defaultExperiment(query.get('preset') || 'mood'),
      parent: null,
      stages: emptyStages(),
      selected: 'steer',
      run: null,
      runParent: null,
      recorded: 'loading',
      recordedError: null,
      engine: { status: 'idle', device: null, error: null },
      backend: initialBackend(),
      residence: initialResidence(),
      running: null,
      interrupted: false,
      dose: 0,
      unit: 'r',
      ownAxis: null,
      ownStreams: null,
      ownOrigin: null,
      prompting: { status: 'idle', error: null, progress: null },
      theme,
      dark: theme === 'system' ? systemDark.matches : theme === 'dark',
      settingsOpen: false,
      shareOpen: false,
      hidden: [],
    }),
    {
      partialize: ({ experiment, parent }) => ({ experiment, parent }),
      // A new parent alone is no change of settings: no step of the history.
      equality: (past, current) => past.experiment === current.experiment,
      limit: 100,
    },
  ),
);

/** Undo and redo over the settings. */
export function useHistory(): { canUndo: boolean; canRedo: boolean; undo: () => void; redo: () => void } {
  const canUndo = useStore(useLab.temporal, (s) => s.pastStates.length > 0);
  const canRedo = useStore(useLab.temporal, (s) => s.futureStates.length > 0);
  const { undo, redo } = useLab.temporal.getState();
  return { canUndo, canRedo, undo: () => undo(), redo: () => redo() };
}

/** Replaces the settings. The caller passes valid settings: forms check before they call. */
export function setExperiment(experiment: Experiment): void {
  useLab.setState({ experiment });
}

/**
 * Puts a whole experiment in the place of the settings: from a file, a link or a kept run. One step of the history, like
 * any other change. @param parent digest of the experiment that it is a fork of; its own where it was opened to be changed
 */
export function openExperiment(experiment: Experiment, parent: string | null): void {
  useLab.setState({ experiment, parent });
}

export function editExperiment(change: (experiment: Experiment) => Experiment): void {
  useLab.setState((s) => ({ experiment: change(s.experiment) }));
}

export function setDose(dose: number): void {
  useLab.setState({ dose });
}

export function useMark(stage: Stage): StageMark {
  return useLab((s) => markOf(stage, s.stages, s.experiment));
}

/** True when any result on screen belongs to other settings than those in the form. */
export function useAnyStale(): boolean {
  return useLab((s) => STAGES.some((stage) => isStale(stage, s.stages, s.experiment)));
}

/** True when the engine holds results of every stage up to `steer` for the present settings. */
export function engineCanAnswer(state: LabState): boolean {
  const steer = state.stages.steer;
  return (
    state.engine.status === 'ready' &&
    steer.origin === 'live' &&
    !isStale('steer', state.stages, state.experiment) &&
    state.running === null
  );
}
