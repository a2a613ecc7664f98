/** Pre-flight numbers of the vector: does the mapped one point where the native one does? */
import type { SteerResult } from '../../experiment/run';
import type { ReadPosition } from '../../experiment/schema';
import { useWords } from '../state/text';
import { Facts } from '../ui/Facts';
import { fixed, interval } from '../ui/format';
import { Written } from './Written';

export function VectorCard({ steer, addBias }: { steer: SteerResult; addBias: boolean }) {
  const words = useWords();
  const v = steer.vector;
  return (
    <section className="vector-card">
      <h3>{words.text('steer.vector')}</h3>
      <Facts
        facts={[
          {
            name: words.text('steer.vector.cosine'),
            value: fixed(v.cosineMappedNative),
            note: v.cosineNull
              ? words.text('steer.vector.null', { band: interval(v.cosineNull) })
              : words.text('steer.vector.chance', { band: fixed(v.chanceBand) }),
            help: words.text(v.cosineNull ? 'steer.vector.cosine.null-help' : 'steer.vector.cosine.help'),
          },
          ...(v.stability
            ? [
                {
                  name: words.text('steer.vector.pairs'),
                  value: words.text('steer.vector.pairs.p', {
                    p: fixed(Math.max(v.stability.source.p, v.stability.target.p), 4),
                  }),
                  note: v.stability.source.splitHalf
                    ? words.text('steer.vector.pairs.halves', { cosine: fixed(v.stability.source.splitHalf.cosine) })
                    : words.text('steer.vector.pairs.few'),
                  help: words.text('steer.vector.pairs.help', { flips: v.stability.source.flips }),
                },
              ]
            : []),
          {
            name: words.text('steer.vector.auroc'),
            value: fixed(v.auroc.mapped, 3),
            note: words.text('steer.vector.auroc.note', {
              native: fixed(v.auroc.native, 3),
              small: fixed(v.auroc.source, 3),
            }),
            help: words.text('steer.vector.auroc.help'),
          },
          {
            name: words.text('steer.vector.length'),
            value: fixed(v.norms.mapped),
            note: words.text('steer.vector.length.note', {
              native: fixed(v.norms.native),
              state: fixed(v.medianNorm.target, 1),
            }),
            help: words.text('steer.vector.length.help'),
          },
          {
            name: words.text('steer.vector.bias'),
            value: fixed(v.cosineWithBias),
            note: words.text(addBias ? 'steer.vector.bias.added' : 'steer.vector.bias.left-out'),
            help: words.text('steer.vector.bias.help'),
          },
        ]}
      />
      {v.readTokens && <ReadTokens tokens={v.readTokens} pairs={v.pairs} position={v.readPosition} />}
    </section>
  );
}

function ReadTokens({
  tokens,
  pairs,
  position,
}: {
  tokens: NonNullable<SteerResult['vector']['readTokens']>;
  pairs: number;
  position: ReadPosition;
}) {
  const words = useWords();
  return (
    <details className="reads">
      <summary>{words.text('steer.vector.made-from', { pairs, position })}</summary>
      <Written text={tokens.positive} />
      <Written text={tokens.negative} />
    </details>
  );
}
