/** Files to leave with. */
import type { Run } from '../../experiment/run';
import { renderReport } from '../../files/report';
import { downloadText } from '../figures/export';

export function Downloads({ run, recorded }: { run: Run; recorded: boolean }) {
  return (
    <section className="downloads">
      <h3>Take it with you</h3>
      <button type="button" data-testid="download-run" onClick={() => downloadText(JSON.stringify(run, null, 1), 'run.json', 'application/json')}>
        run.json
      </button>
      <button type="button" onClick={() => downloadText(JSON.stringify(run.experiment, null, 2), 'experiment.json', 'application/json')}>
        experiment.json
      </button>
      <button type="button" data-testid="download-report" onClick={() => downloadText(renderReport(run), 'report.md', 'text/markdown')}>
        report.md
      </button>
      {recorded && <p className="muted">These are the files of the recorded run.</p>}
    </section>
  );
}
