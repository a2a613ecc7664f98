/** The claimed rates with their intervals, and the rates found here on the same scale. */
import type { Arm } from '../../experiment/arms';
import type { Claim } from '../../experiment/share/claims';
import type { RunDocument } from '../../experiment/share/document';
import type { ClaimCheck } from '../../experiment/share/verification';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import { ArmMark } from '../figures/ArmMark';
import { interval, percent } from '../ui/format';
import { useWords } from '../state/text';

interface Rate {
  arm: Arm;
  towards: string;
  claim: Claim & { value: number };
  here: number | null;
}

export function RatesFigure({ document, checks }: { document: RunDocument; checks: readonly ClaimCheck[] | null }) {
  const words = useWords();
  const { concept } = document;
  const rates = document.claims.flatMap((claim): Rate[] => {
    const [what, arm, direction] = claim.id.split('.');
    if (what !== 'rate' || typeof claim.value !== 'number') return [];
    const here = checks?.find(({ id }) => id === claim.id)?.here;
    const towards =
      direction === 'none'
        ? words.text('review.unsteered-side', { side: concept.positive })
        : words.text('review.toward', { side: direction === 'positive' ? concept.positive : concept.negative });
    return [
      {
        arm: arm as Arm,
        towards,
        claim: { ...claim, value: claim.value },
        here: typeof here === 'number' ? here : null,
      },
    ];
  });
  if (rates.length === 0) return null;
  const label = (rate: Rate): string =>
    words.text('review.rates.point', {
      arm: ARM_STYLES[rate.arm].name,
      towards: rate.towards,
      claimed: percent(rate.claim.value, 1),
      interval: rate.claim.interval ? interval(rate.claim.interval) : 'none',
      here: rate.here === null ? 'none' : percent(rate.here, 1),
    });
  return (
    <Figure
      name="claimed-rates"
      className="rates-figure"
      title={words.text('review.rates.title')}
      caption={words.text('review.rates.caption', { here: rates.some(({ here }) => here !== null) })}
      table={{
        head: ['arm', 'direction', 'claimed', 'low', 'high', 'n', 'here'],
        rows: rates.map(({ arm, towards, claim, here }) => [
          arm,
          towards,
          claim.value,
          claim.interval?.[0] ?? '',
          claim.interval?.[1] ?? '',
          claim.n ?? '',
          here ?? '',
        ]),
      }}
      cursor={[
        {
          name: words.text('review.rates.series'),
          points: rates.map((rate) => ({ label: label(rate) })),
        },
      ]}
    >
      <ul className="rates">
        {rates.map((rate) => (
          <li key={rate.claim.id}>
            <span className="rates-name">
              <ArmMark arm={rate.arm} /> {ARM_STYLES[rate.arm].name} <span className="muted">{rate.towards}</span>
            </span>
            <span className="rate-bar" aria-hidden="true" style={{ '--arm': `var(${ARM_STYLES[rate.arm].color})` }}>
              {rate.claim.interval && (
                <i
                  className="rate-range"
                  style={{
                    left: `${100 * clamp(rate.claim.interval[0])}%`,
                    width: `${100 * Math.max(0, clamp(rate.claim.interval[1]) - clamp(rate.claim.interval[0]))}%`,
                  }}
                />
              )}
              <i className="rate-mark" style={{ left: `${100 * clamp(rate.claim.value)}%` }}>
                <ArmMark arm={rate.arm} />
              </i>
              {rate.here !== null && <i className="rate-here" style={{ left: `${100 * clamp(rate.here)}%` }} />}
            </span>
            <span className="num rates-value">{percent(rate.claim.value)}</span>
          </li>
        ))}
      </ul>
      <p className="rates-scale" aria-hidden="true">
        <span>0</span>
        <span>50</span>
        <span>{percent(1)}</span>
      </p>
    </Figure>
  );
}

const clamp = (share: number): number => Math.max(0, Math.min(1, share));
