/** Starts the page: the recorded run is fetched at once; the engine waits until it has been painted. */
import '@fontsource-variable/source-sans-3/wght.css';
import '@fontsource-variable/source-serif-4/wght.css';
import './app/shell/tokens.css';
import './app/shell/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/shell/App';
import { loadRecorded } from './app/state/recorded';
import { startEngineWhenIdle } from './app/state/engine';
import { useLab } from './app/state/store';

const concept = useLab.getState().experiment.concept;
const recorded = loadRecorded(concept.kind === 'preset' ? concept.id : 'mood');

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

void recorded.then(startEngineWhenIdle);
