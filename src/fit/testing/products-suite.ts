/** The tests of the float32 product, for any Products. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matmulTN, relativeError } from '../../math/matrix';
import type { Products } from '../products';
import { Random } from '../../math/random';

export function productsSuite(create: () => Promise<Products>): void {
  describe('the product', () => {
    let products: Products;
    beforeAll(async () => {
      products = await create();
    });
    afterAll(() => products.dispose());

    test.each([
      [1, 1, 1],
      [7, 5, 3],
      [512, 33, 70],
      [100, 130, 37],
    ])('%i rows, %i and %i columns agree with float64', async (rows, m, n) => {
      const random = new Random(rows + m + n);
      const normals = (count: number): Float32Array => Float32Array.from(random.normals(count));
      const [A, B] = [normals(rows * m), normals(rows * n)];
      const expected = matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B });
      expect(relativeError(await products.atb(A, rows, m, B, n), expected.data)).toBeLessThan(2e-6);
      await expect(products.atb(A, rows + 1, m, B, n)).rejects.toThrowError(RangeError);
    });
  });
}
