/** Contrast pairs as a table, the first of them. */
import type { ContrastPair } from '../../experiment/schema';

export function PairsRows({
  pairs,
  positive,
  negative,
  shown,
}: {
  pairs: readonly ContrastPair[];
  positive: string;
  negative: string;
  shown: number;
}) {
  return (
    <>
      <thead>
        <tr>
          <th scope="col">{positive}</th>
          <th scope="col">{negative}</th>
        </tr>
      </thead>
      <tbody>
        {pairs.slice(0, shown).map((pair, i) => (
          <tr key={i}>
            <td className="serif">{pair.positive}</td>
            <td className="serif">{pair.negative}</td>
          </tr>
        ))}
      </tbody>
    </>
  );
}
