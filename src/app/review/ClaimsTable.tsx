/** The claims of a link, and beside each what was found here. */
import type { Claim } from '../../experiment/share/claims';
import { claimText } from '../../experiment/share/claims';
import { ARM_STYLES } from '../figures/arms';
import type { RunDocument } from '../../experiment/share/document';
import type { ClaimCheck } from '../../experiment/share/verification';
import { Help } from '../ui/Help';
import { interval } from '../ui/format';
import { claimDifference, claimTolerance, claimValue } from './values';
import { VerdictMark } from './VerdictMark';

const GROUPS: { title: string; holds: (id: string) => boolean }[] = [
  { title: 'What it comes to', holds: (id) => id === 'outcome' || id === 'transfer.ratio' || id === 'dose.r' },
  { title: 'Map and vector', holds: (id) => /^(layer|map|vector)\./.test(id) },
  { title: 'Continuations on the wanted side', holds: (id) => id.startsWith('rate.') },
  { title: 'What it costs', holds: (id) => /^(kl|rep3)\./.test(id) },
];

export function ClaimsTable({ document, checks }: { document: RunDocument; checks: readonly ClaimCheck[] | null }) {
  const found = new Map(checks?.map((check) => [check.id, check]));
  return (
    <section className="claims" aria-labelledby="claims-title">
      <h2 id="claims-title">Claims</h2>
      <p className="muted">
        {checks
          ? 'The author’s figures beside those that were computed on this device.'
          : 'The author’s figures. Nothing has been computed on this device: verify to see what it finds.'}
      </p>
      {document.claims.length === 0 && <p className="empty">The link claims nothing.</p>}
      <div className="table-scroll">
        <table className="claims-table" data-testid="claims">
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col" className="num">
                Claimed
              </th>
              <th scope="col" className="num">
                Tolerance
              </th>
              {checks && (
                <th scope="col" className="num">
                  Here
                </th>
              )}
              {checks && (
                <th scope="col" className="num">
                  Difference
                </th>
              )}
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          {GROUPS.map(({ title, holds }) => {
            const claims = document.claims.filter(({ id }) => holds(id));
            return (
              claims.length > 0 && (
                <tbody key={title}>
                  <tr className="claims-group">
                    <th colSpan={checks ? 6 : 4} scope="colgroup">
                      {title}
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
  const { label, help } = claimText(claim.id, ends, (arm) => ARM_STYLES[arm].name);
  const more = [
    claim.n === undefined ? null : `n ${claim.n}`,
    claim.interval ? `95 % ${interval(claim.interval)}` : null,
  ]
    .filter(Boolean)
    .join(', ');
  return (
    <tr data-claim={claim.id} data-verdict={check?.verdict ?? 'claimed'}>
      <th scope="row">
        {label}
        <Help about={label}>{help}</Help>
        {check?.note && <span className="claim-note">{check.note}</span>}
      </th>
      <td className="num" data-label="Claimed">
        {claimValue(claim.id, claim.value)}
        {more && <span className="claim-more">{more}</span>}
      </td>
      <td className="num" data-label="Tolerance">
        {claimTolerance(claim.id, check?.tolerance ?? claim.tolerance.value)}
      </td>
      {check && (
        <td className="num" data-label="Here">
          {claimValue(claim.id, check.here)}
        </td>
      )}
      {check && (
        <td className="num" data-label="Difference">
          {claimDifference(claim.id, check.difference)}
        </td>
      )}
      <td data-label="Verdict">
        {check ? <VerdictMark verdict={check.verdict} /> : <span className="claimed-mark">claimed</span>}
      </td>
    </tr>
  );
}
