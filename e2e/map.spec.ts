/** The map stage: another kind of map, λ by cross-validation, and what is known of the solver. */
import { expect, test } from '@playwright/test';
import { defaultExperiment } from '../src/experiment/defaults';

test('another kind of map is a choice that can be undone; cross-validation and the self-test are on screen', async ({
  page,
}) => {
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await page.getByTestId('stage-map').click();
  const rotation = page.getByTestId('kind-scaled-orthogonal');
  await rotation.check();
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'stale');
  await page.getByRole('button', { name: /undo/i }).click();
  await expect(page.getByTestId('kind-ridge')).toBeChecked();
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'recorded');

  const experiment = defaultExperiment('mood');
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const map = { ...experiment.map, lambdaRule: 'cross-validation', folds: 3, kind: 'reduced-rank', rank: 8 };
  await page
    .getByTestId('settings-json')
    .fill(JSON.stringify({ ...experiment, corpus: { ...experiment.corpus, maxTokens: 4_000 }, map }));
  await page.getByTestId('settings-apply').click();
  await page.getByTestId('settings-close').click();
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'done', { timeout: 200_000 });
  await page.getByTestId('cancel-button').click();
  const main = page.locator('main');
  await expect(main).toContainText('the best mean R² over 3 folds of the fitted texts');
  await expect(main).toContainText(/differs from float64 by [\d.]+·10/);
  await expect(main).toContainText(/passed\s*\d+ cases against float64 in/);
  await expect(page.getByTestId('kind-reduced-rank')).toBeChecked();
  await expect(page.getByRole('combobox', { name: 'Rank' })).toHaveValue('8');
  await page.getByTestId('engine-status').click();
  await page.getByText(/Self-test passed in/).click();
  await expect(page.locator('.engine-panel table')).toContainText(/wasm atb/);
});
