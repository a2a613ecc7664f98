/** Hosts that a link names. Those that are not known are asked about by name before anything is done that may reach them. */
import type { SharedDocument } from '../../experiment/share/document';
import { hostName } from '../ui/format';

/** The hub that the lab itself offers, and this machine. */
const KNOWN = /^(huggingface\.co|localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/** Hosts of a document that are neither known nor the page's own, each once. */
export function strangeHosts(document: SharedDocument, own: string): string[] {
  const addresses =
    document.kind === 'address'
      ? [document.url]
      : Object.values(document.spec.experiment.models).flatMap((ref) =>
          typeof ref === 'object' && ref.location?.kind === 'hub' ? [ref.location.host] : [],
        );
  const hosts = addresses.map(hostName).filter((host) => !KNOWN.test(host) && host !== own);
  return [...new Set(hosts)];
}
