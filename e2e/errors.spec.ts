/** Bad input in the page: a named error where it happened, nothing lost, and the lab works on. */
import { expect, test, type Page } from '@playwright/test';

async function ready(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
}

async function runAndFail(page: Page, code: string): Promise<void> {
  await page.getByTestId('run-button').click();
  const error = page.locator(`[data-testid="error"][data-code="${code}"]`);
  // The error stands at the stage that failed; another stage shows a notice that leads there.
  await expect(page.locator('[data-mark="failed"]').first()).toBeVisible({ timeout: 120_000 });
  await page.locator('[data-mark="failed"]').first().click();
  await expect(error.first()).toBeVisible();
  await expect(error.first()).toContainText(/\w+ \w+ \w+/);
  await expect(page.getByTestId('run-button')).toBeEnabled();
}

test('a wrong field in the settings is named, and the last valid settings stay in use', async ({ page }) => {
  await page.goto('./');
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const editor = page.getByTestId('settings-json');
  const text = await editor.inputValue();
  await editor.fill(text.replace('"heldOutFraction": 0.2', '"heldOutFraction": 7'));
  await expect(page.getByText(/corpus\.heldOutFraction/).first()).toBeVisible();
  await expect(page.getByTestId('settings-apply')).toBeDisabled();
});

test('S → Stranger is refused with the reasons, can be forced by characters, and a homologous pair runs again', async ({
  page,
}) => {
  await ready(page);
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const editor = page.getByTestId('settings-json');
  await editor.fill((await editor.inputValue()).replace('"maxTokens": 16000', '"maxTokens": 2000'));
  await page.getByTestId('settings-apply').click();
  await page.getByTestId('settings-close').click();
  await page.getByTestId('stage-models').click();
  await page.getByTestId('target-lrt-stranger').click();
  await runAndFail(page, 'not-homologous');
  await expect(page.locator('main')).toContainText(/tokenizer/i);
  await page.getByRole('button', { name: 'Pair by characters' }).click();
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'done', { timeout: 120_000 });
  await page.getByTestId('cancel-button').click();
  await expect(page.getByRole('radio', { name: 'by characters' })).toBeChecked();
  await expect(page.locator('.homology')).toContainText('forced');
  await page.getByTestId('stage-activations').click();
  await expect(page.getByTestId('aligned-share')).toHaveText(/^9\d % and [34]\d %$/);
  await expect(page.getByTestId('warnings')).toContainText('read the same characters');
  await page.getByTestId('stage-models').click();
  await page.getByText('by tokens', { exact: true }).click();
  await page.getByTestId('target-lrt-stories-m').click();
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-models')).toHaveAttribute('data-mark', 'done', { timeout: 60_000 });
  await page.getByTestId('cancel-button').click();
});

test('a truncated model file is a named error; with the whole file the lab works on', async ({ page }) => {
  let truncate = true;
  await page.route('**/lrt-stories-s/onnx/model.onnx', async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    await route.fulfill(
      truncate
        ? { status: 200, body: body.subarray(0, 200_000), contentType: 'application/octet-stream' }
        : { response },
    );
  });
  await ready(page);
  await page.getByTestId('run-button').click();
  await expect(page.locator('[data-mark="failed"]').first()).toBeVisible({ timeout: 60_000 });
  await page.locator('[data-mark="failed"]').first().click();
  await expect(page.getByTestId('error').first()).toHaveAttribute('data-code', /model-(truncated|invalid)/);
  truncate = false;
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-models')).toHaveAttribute('data-mark', 'done', { timeout: 60_000 });
  await page.getByTestId('cancel-button').click();
});

test('an empty corpus is a named error', async ({ page }) => {
  await page.route('**/corpora/stories.jsonl', (route) => route.fulfill({ status: 200, body: '\n' }));
  await ready(page);
  await runAndFail(page, 'corpus-empty');
});

test('a worker that dies is reported, and the engine starts again', async ({ page }) => {
  let broken = true;
  await page.route('**/engine.worker*.js', (route) =>
    broken
      ? route.fulfill({ status: 200, contentType: 'text/javascript', body: 'throw new Error("out of luck");' })
      : route.continue(),
  );
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'failed', { timeout: 30_000 });
  await expect(page.getByTestId('stream-mapped')).toContainText(/\p{L}+\P{L}+\p{L}+\P{L}+\p{L}+/u);
  broken = false;
  await page.getByTestId('run-button').click();
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
});
