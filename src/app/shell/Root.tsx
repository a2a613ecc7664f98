/** What the address asks for: the lab, or a link to be read. Neither starts the other's work. */
import { lazy, Suspense, useEffect, useState } from 'react';
import { looksLikeLink } from '../../experiment/share/fragment';
import { startEngineWhenIdle } from '../state/engine';
import { loadRecorded } from '../state/recorded';
import { keepDraft } from '../state/draft';
import { useLab } from '../state/store';
import { App } from './App';
import { useWords } from '../state/text';

const Review = lazy(() => import('../review/Review'));

/** Fragment of the page that opens a bundle file for review. */
export const OPEN_FRAGMENT = '#/review';

let started = false;

/** Puts the lab to work once: the recorded run is fetched at once, the engine waits until it has been painted. */
function startLab(): void {
  if (started) return;
  started = true;
  const { experiment, parent } = useLab.getState();
  // Settings from a link are not overwritten by a recording.
  const shown =
    parent !== null
      ? Promise.resolve()
      : loadRecorded(experiment.concept.kind === 'preset' ? experiment.concept.id : 'mood');
  void shown.then(() => {
    keepDraft();
    startEngineWhenIdle();
  });
}

const inReview = (fragment: string): boolean => looksLikeLink(fragment) || fragment === OPEN_FRAGMENT;

/** Begins what the present address needs, before anything is rendered. */
export function begin(): void {
  if (!inReview(location.hash)) startLab();
}

export function Root() {
  const words = useWords();
  const [fragment, setFragment] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => {
      begin();
      setFragment(location.hash);
      window.scrollTo(0, 0);
    };
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    document.documentElement.lang = words.locale;
  }, [words]);
  if (!inReview(fragment)) return <App />;
  return (
    <Suspense fallback={null}>
      <Review key={fragment} fragment={fragment} />
    </Suspense>
  );
}
