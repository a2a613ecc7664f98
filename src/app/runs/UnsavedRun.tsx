/** A finished run that could not be kept: said where it is seen, until it is kept or left. */
import { keepAgain, useRuns } from '../state/runs';
import { ErrorNote } from '../ui/ErrorNote';

export function UnsavedRun({ inList }: { inList: boolean }) {
  const unkept = useRuns((s) => s.unkept);
  if (!unkept) return null;
  return (
    <ErrorNote
      error={unkept.error}
      actions={
        <>
          {!inList && (
            <button type="button" onClick={() => useRuns.setState({ open: true })}>
              Show the kept runs
            </button>
          )}
          <button type="button" onClick={() => void keepAgain()}>
            Keep it now
          </button>
          <button type="button" className="quiet" onClick={() => useRuns.setState({ unkept: null })}>
            Leave it
          </button>
        </>
      }
    />
  );
}
