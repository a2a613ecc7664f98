/** What is done to the stream, at which positions: the operation and scope in use, in words. */
import type { Experiment } from '../../experiment/schema';
import { useWords } from '../state/text';

export function OperationLine({ transfer }: { transfer: Experiment['transfer'] }) {
  const { text } = useWords();
  const { operation, capPercentile, scope, scopeTokens, also } = transfer;
  const sentences = [
    text('operations.steering', {
      operation: text(`operations.shown.${operation}`, { percentile: capPercentile, mirrored: 100 - capPercentile }),
      scope: text(`operations.scope.${scope}`, { tokens: scopeTokens }),
    }),
    ...(also.length > 0 ? [text('operations.further', { count: also.length })] : []),
    ...(scope === 'generated' ? [text('operations.second-token')] : []),
  ];
  return (
    <p className="muted" data-testid="operation">
      {sentences.join(' ')}
    </p>
  );
}
