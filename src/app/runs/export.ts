/** Kept runs as a file of the visitor's. */
import { downloadUrl } from '../figures/export';
import { bundleOf } from '../state/runs';

/** A file name of letters and digits from what a run is called. */
export const fileStem = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'run';

/** Downloads a bundle; what went wrong is shown in the list. */
export async function exportRuns(ids: readonly string[], stem: string): Promise<void> {
  const blob = await bundleOf(ids);
  if (!blob) return;
  const url = URL.createObjectURL(blob);
  downloadUrl(url, `${stem}.lrt.json`);
  // The download has its own reference once the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
