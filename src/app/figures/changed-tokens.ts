/** Which tokens of a continuation are not in the baseline's, by longest common subsequence. */

/** @returns one flag a token of `text`: true where it differs from `base`. */
export function changedTokens(base: readonly number[], text: readonly number[]): boolean[] {
  const n = base.length;
  const m = text.length;
  const width = m + 1;
  const length = new Uint16Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      length[i * width + j] =
        base[i] === text[j]
          ? length[(i + 1) * width + j + 1] + 1
          : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  const changed = Array.from({ length: m }, () => true);
  for (let i = 0, j = 0; i < n && j < m;) {
    if (base[i] === text[j]) {
      changed[j] = false;
      i += 1;
      j += 1;
    } else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return changed;
}
