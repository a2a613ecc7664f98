import { expect, test } from 'vitest';
import { Random } from '../math/random';
import type { Sample } from './rows';
import { tokenMeasures } from './token-measures';

const [rows, dS, dT, tokens] = [900, 5, 7, 12];

/** States of a token's own vector and of a context that both models share, in given proportions. */
function sampleOf(token: number, context: number, shared: boolean): Sample {
  const random = new Random(8);
  const own = { source: random.normals(tokens * dS), target: random.normals(tokens * dT) };
  const M = random.normals(dS * dT);
  const X = new Float32Array(rows * dS);
  const Y = new Float32Array(rows * dT);
  const labels: Sample['labels'] = [];
  for (let i = 0; i < rows; i++) {
    const t = random.integer(tokens);
    const c = random.normals(dS);
    const other = shared ? c : random.normals(dS);
    for (let d = 0; d < dS; d++) X[i * dS + d] = token * own.source[t * dS + d] + context * c[d];
    for (let j = 0; j < dT; j++) {
      let through = 0;
      for (let d = 0; d < dS; d++) through += other[d] * M[d * dT + j];
      Y[i * dT + j] = token * own.target[t * dT + j] + context * through;
    }
    labels.push({ token: `t${t}`, text: i, position: 1, heldOut: i % 3 === 2 });
  }
  return { rows, source: { width: dS, blocks: [X] }, target: { width: dT, blocks: [Y] }, labels };
}
const measure = (sample: Sample) => tokenMeasures(sample, { source: 0, target: 0 }, 1e-4, new AbortController().signal);

test('states that are their token alone are predicted by a table of tokens', async () => {
  const { meanR2, rows: counted } = await measure(sampleOf(1, 0.001, true));
  expect(meanR2).toBeGreaterThan(0.98);
  expect(counted).toEqual({ train: 600, heldOut: 300, known: 300 });
});

test('what the text makes of them, shared by the models, is the context’s, not the token’s', async () => {
  const { meanR2, contextR2 } = await measure(sampleOf(0.5, 1, true));
  expect(meanR2).toBeLessThan(0.4);
  expect(contextR2).toBeGreaterThan(0.98);
});

test('models that share tokens and nothing else have no context in common, whatever their R²', async () => {
  const { meanR2, contextR2 } = await measure(sampleOf(1, 0.4, false));
  expect(meanR2).toBeGreaterThan(0.4);
  expect(Math.abs(contextR2)).toBeLessThan(0.05);
});
