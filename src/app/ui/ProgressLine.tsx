/** How far the work has come, in its own unit. */
import type { Progress } from '../../worker/protocol';
import { bytes, count } from './format';

export function progressText({ done, total, unit }: Progress): string {
  if (unit === 'bytes') return total > 0 ? `${bytes(done)} of ${bytes(total)}` : bytes(done);
  return total > 0 ? `${count(done)} of ${count(total)} ${unit}` : `${count(done)} ${unit}`;
}

export function ProgressLine({ progress }: { progress: Progress }) {
  const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
  return (
    <div className="progress">
      <div className="progress-text">
        <span>{progress.note}</span>
        <span className="num">{progressText(progress)}</span>
      </div>
      <div
        className="progress-track"
        role="progressbar"
        aria-label={progress.note}
        aria-valuemin={0}
        aria-valuemax={progress.total}
        aria-valuenow={progress.done}
        aria-valuetext={progressText(progress)}
      >
        <i style={{ transform: `scaleX(${share})` }} />
      </div>
    </div>
  );
}
