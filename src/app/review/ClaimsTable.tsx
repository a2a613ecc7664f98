/** The claims of a link, and beside each what was found here. */
import type { Claim } from '../../experiment/share/claims';
import { claimMessages } from '../../experiment/share/claims';
import type { RunDocument } from '../../experiment/share/document';
import type { ClaimCheck } from '../../experiment/share/verification';
import { Help } from '../ui/Help';
import { interval } from '../ui/format';
import { claimDifference, claimTolerance, claimValue } from './values';
import { VerdictMark } from './VerdictMark';
import { useWords } from '../state/text';
import type { MessageKey } from '../../i18n/keys';

const GROUPS: { titleKey: MessageKey; holds: (id: string) => boolean }[] = [
  {
    titleKey: 'review.group.result',
    holds: (id) => ['verdict', 'outcome', 'transfer.share', 'transfer.ratio', 'dose.r'].includes(id),
  },
  { titleKey: 'review.group.map', holds: (id) => /^(layer|map|vector)\./.test(id) },
  { titleKey: 'review.group.rates', holds: (id) => id.startsWith('rate.') },
  { titleKey: 'review.group.costs', holds: (id) => /^(kl|rep3)\./.test(id) },
];

export function ClaimsTable({ document, checks }: { document: RunDocument; checks: readonly ClaimCheck[] | null }) {
  const words = useWords();
  const found = new Map(checks?.map((check) => [check.id, check]));
  return (
    <section className="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">{words.text('review.claims')}</h2>
      <p className="muted">{checks ? words.text('review.claims.checked') : words.text('review.claims.unchecked')}</p>
      {document.claims.length === 0 && <p className="empty">{words.text('review.claims.none')}</p>}
      <div className="table-scroll">
        <table className="claims-table" data-testid="claims">
          <thead>
            <tr>
              <th scope="col">{words.text('review.figure')}</th>
              <th scope="col" className="num">
                {words.text('review.column.claimed')}
              </th>
              <th scope="col" className="num">
                {words.text('review.column.tolerance')}
              </th>
              {checks && (
                <th scope="col" className="num">
                  {words.text('review.column.here')}
                </th>
              )}
              {checks && (
                <th scope="col" className="num">
                  {words.text('review.column.difference')}
                </th>
              )}
              <th scope="col">{words.text('review.column.verdict')}</th>
            </tr>
          </thead>
          {GROUPS.map(({ titleKey, holds }) => {
            const claims = document.claims.filter(({ id }) => holds(id));
            return (
              claims.length > 0 && (
                <tbody key={titleKey}>
                  <tr className="claims-group">
                    <th colSpan={checks ? 6 : 4} scope="colgroup">
                      {words.text(titleKey)}
                    </th>
                  </tr>
                  {claims.map((claim) => (
                    <ClaimRow
                      key={claim.id}
                      claim={claim}
                      ends={document.concept}
                      check={found.get(claim.id) ?? null}
                    />
                  ))}
                </tbody>
              )
            );
          })}
        </table>
      </div>
    </section>
  );
}

function ClaimRow({ claim, ends, check }: { claim: Claim; ends: RunDocument['concept']; check: ClaimCheck | null }) {
  const words = useWords();
  const said = claimMessages(claim.id, ends);
  const [label, help] = [words.say(said.label), words.say(said.help)];
  const more = [
    claim.n === undefined ? null : words.text('review.claim.n', { n: claim.n }),
    claim.interval ? words.text('review.claim.interval', { interval: interval(claim.interval) }) : null,
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <tr data-claim={claim.id} data-verdict={check?.verdict ?? 'claimed'}>
      <th scope="row">
        {label}
        <Help about={label}>{help}</Help>
        {check && check.notes.length > 0 && <span className="claim-note">{check.notes.map(words.say).join(' ')}</span>}
      </th>
      <td className="num" data-label={words.text('review.column.claimed')}>
        {claimValue(words, claim.id, claim.value)}
        {more && <span className="claim-more">{more}</span>}
      </td>
      <td className="num" data-label={words.text('review.column.tolerance')}>
        {claimTolerance(words, claim.id, check?.tolerance ?? claim.tolerance.value)}
      </td>
      {check && (
        <td className="num" data-label={words.text('review.column.here')}>
          {claimValue(words, claim.id, check.here)}
        </td>
      )}
      {check && (
        <td className="num" data-label={words.text('review.column.difference')}>
          {claimDifference(words, claim.id, check.difference)}
        </td>
      )}
      <td data-label={words.text('review.column.verdict')}>
        {check ? (
          <VerdictMark verdict={check.verdict} />
        ) : (
          <span className="claimed-mark">{words.text('review.claimed')}</span>
        )}
      </td>
    </tr>
  );
}
