/** A finished run that could not be kept: said where it is seen, until it is kept or left. */
import { keepAgain, useRuns } from '../state/runs';
import { ErrorNote } from '../ui/ErrorNote';
import { useWords } from '../state/text';

export function UnsavedRun({ inList }: { inList: boolean }) {
  const words = useWords();
  const unkept = useRuns((s) => s.unkept);
  if (!unkept) return null;
  return (
    <ErrorNote
      error={unkept.error}
      actions={
        <>
          {!inList && (
            <button type="button" onClick={() => useRuns.setState({ open: true })}>
              {words.text('runs.unsaved.show')}
            </button>
          )}
          <button type="button" onClick={() => void keepAgain()}>
            {words.text('runs.unsaved.keep')}
          </button>
          <button type="button" className="quiet" onClick={() => useRuns.setState({ unkept: null })}>
            {words.text('runs.leave')}
          </button>
        </>
      }
    />
  );
}
