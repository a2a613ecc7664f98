/** How far the work has come, in its own unit. */
import type { Progress } from '../../worker/protocol';
import { bytes, count } from './format';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';

export function progressText(words: Words, { done, total, unit }: Progress): string {
  const written = unit === 'bytes' ? bytes : count;
  const params = { unit, done: written(done), total: written(total) };
  return words.text(total > 0 ? 'ui.progress.of' : 'ui.progress.done', params);
}

export function ProgressLine({ progress }: { progress: Progress }) {
  const words = useWords();
  const note = words.say(progress.note);
  const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
  return (
    <div className="progress">
      <div className="progress-text">
        <span>{note}</span>
        <span className="num">{progressText(words, progress)}</span>
      </div>
      <div
        className="progress-track"
        role="progressbar"
        aria-label={note}
        aria-valuemin={0}
        aria-valuemax={progress.total}
        aria-valuenow={progress.done}
        aria-valuetext={progressText(words, progress)}
      >
        <i style={{ transform: `scaleX(${share})` }} />
      </div>
    </div>
  );
}
