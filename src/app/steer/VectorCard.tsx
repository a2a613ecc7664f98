/** Pre-flight numbers of the vector: does the mapped one point where the native one does? */
import type { SteerResult } from '../../experiment/run';
import type { ReadPosition } from '../../experiment/schema';
import { Facts } from '../ui/Facts';
import { fixed } from '../ui/format';
import { Written } from './Written';

export function VectorCard({ steer, addBias }: { steer: SteerResult; addBias: boolean }) {
  const v = steer.vector;
  return (
    <section className="vector-card">
      <h3>The vector</h3>
      <Facts
        facts={[
          {
            name: 'cos(mapped, native)',
            value: fixed(v.cosineMappedNative),
            note: `chance ±${fixed(v.chanceBand)}`,
            help: 'Angle between the mapped vector and the large model’s own; a random vector falls inside the chance band.',
          },
          {
            name: 'AUROC, mapped',
            value: fixed(v.auroc.mapped, 3),
            note: `native ${fixed(v.auroc.native, 3)} · small ${fixed(v.auroc.source, 3)}`,
            help: 'How well projections on the vector tell held-out positive from negative texts: 0.5 is chance, 1 is perfect.',
          },
          {
            name: 'Length of the mapped vector',
            value: fixed(v.norms.mapped),
            note: `native ${fixed(v.norms.native)} · median state ${fixed(v.medianNorm.target, 1)}`,
            help: 'Length before the dose rescales it, next to the native vector and to a typical hidden state.',
          },
          {
            name: 'cos(W·v, W·v + p)',
            value: fixed(v.cosineWithBias),
            note: addBias ? 'bias added, as in the paper' : 'bias left out: a difference maps by W alone',
            help: 'How far adding the map’s bias, as the paper prints it, would turn the vector.',
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
  return (
    <details className="reads">
      <summary>
        Made from {pairs} pairs, read at {position === 'last' ? 'the last token' : 'the mean of the tokens'}: show the
        tokens of the first pair
      </summary>
      <Written text={tokens.positive} />
      <Written text={tokens.negative} />
    </details>
  );
}
