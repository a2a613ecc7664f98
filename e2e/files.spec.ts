/** Files on the page: a vector saved and read back, contrast pairs brought in. All on the recorded run. */
import { expect, test } from '@playwright/test';
import { readFileSync } from 'node:fs';
import type { Run } from '../src/experiment/run';
import { readVectorFile, vectorSafetensors } from '../src/files/vector-files';
import { steeringOf } from '../src/files/steering';

const run = JSON.parse(readFileSync(new URL('../public/recorded/mood.json', import.meta.url), 'utf8')) as Run;
const presetEnds = { positive: run.steer.concept.positive, negative: run.steer.concept.negative };

test('a saved control vector is what the lab adds, and is known again; a damaged one is named', async ({ page }) => {
  await page.goto('./');
  await page.getByTestId('stage-evidence').click();
  await page.getByText('small model’s').click();
  await expect(page.getByText(/Steers Stories S after block 2/)).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save-gguf').click()]);
  expect(download.suggestedFilename()).toBe('stories-s-stories-l-mood-source.gguf');
  const path = await download.path();
  const [vector] = readVectorFile(readFileSync(path)).vectors;
  expect(Array.from(vector.values)).toEqual(Array.from(steeringOf(run, 'source').added));
  await expect(page.getByTestId('fetch-map')).toBeDisabled();

  const check = page.getByTestId('check-file');
  await check.setInputFiles(path);
  await expect(page.getByTestId('file-found')).toContainText(
    'To the bit what this run adds as its small model’s vector',
  );
  await check.setInputFiles({
    name: 'cut.gguf',
    mimeType: 'application/octet-stream',
    buffer: readFileSync(path).subarray(0, 300),
  });
  await expect(page.locator('.export [data-testid="error"]')).toHaveAttribute('data-code', 'file-invalid');
  const experiment = { ...run.experiment, title: 'From a file' };
  await check.setInputFiles({
    name: 'experiment.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(experiment)),
  });
  await page.getByRole('button', { name: 'Use these settings' }).click();
  await expect(
    page
      .getByRole('heading', { name: 'From a file' })
      .or(page.getByText('From a file', { exact: true }))
      .first(),
  ).toBeVisible();
});

test('contrast pairs from a file are looked at, taken and used; a bad line is named', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('button', { name: 'Change the concept' }).click();
  await page.getByText('Your own pairs').click();
  await page.getByTestId('pairs-import').locator('summary').click();
  const file = (name: string, text: string) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
  await page.getByTestId('pairs-file').setInputFiles(file('pairs.csv', 'positive,negative\na,b\n"c'));
  await expect(page.getByTestId('pairs-import').getByTestId('error')).toContainText('Line 3');
  await page
    .getByTestId('pairs-file')
    .setInputFiles([file('neg.txt', 'I hate it.\nA foul day.\n'), file('pos.txt', 'I love it.\nA fine day.\n')]);
  await expect(page.getByTestId('pairs-preview')).toContainText('2 pairs. Understood as two aligned text files.');
  const list = (count: number) =>
    JSON.stringify(Array.from({ length: count }, (_, i) => ({ instruction: `Explain ${count} ${i}`, category: null })));
  await page.getByTestId('pairs-file').setInputFiles([file('harmful.json', list(2)), file('harmless.json', list(3))]);
  await expect(page.getByTestId('pairs-import').getByTestId('error')).toContainText('2 items and harmless.json 3');
  await page.getByTestId('pairs-shorter').click();
  await expect(page.getByTestId('pairs-preview')).toContainText('Not read: “category”.');
  await page
    .getByTestId('pairs-paste')
    .fill(
      '{"question": "Well?\\nSay.", "answer_matching_behavior": "(A)", "answer_not_matching_behavior": "(B)"}\n{"question": "So?", "answer_matching_behavior": "(B)", "answer_not_matching_behavior": "(A)"}',
    );
  await expect(page.getByTestId('pairs-preview')).toContainText('CAA');
  await page.getByTestId('pairs-take').click();
  await expect(page.getByTestId('pairs-positive')).toHaveValue('Well?\\nSay.\\n(A)\nSo? (B)');
  await page.getByRole('button', { name: 'Use these pairs' }).click();
  await expect(page.getByText('In use. Press Run to compute with them.')).toBeVisible();
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const concept = (JSON.parse(await page.getByTestId('settings-json').inputValue()) as Run['experiment']).concept;
  expect(concept).toMatchObject({
    kind: 'pairs',
    pairs: [
      { positive: 'Well?\nSay.\n(A)', negative: 'Well?\nSay.\n(B)' },
      { positive: 'So? (B)', negative: 'So? (A)' },
    ],
  });
});

test('a vector from a file becomes the concept, and the map begins at its block', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('button', { name: 'Change the concept' }).click();
  await page.getByText('A vector file').click();
  const bytes = vectorSafetensors(run);
  const pick = page.getByTestId('vector-file');
  await pick.setInputFiles({
    name: 'cut.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(bytes.subarray(0, 900)),
  });
  await expect(page.locator('.vector-import [data-testid="error"]')).toHaveAttribute('data-code', 'file-invalid');
  await pick.setInputFiles({
    name: 'mood-vectors.safetensors',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from(bytes),
  });
  await expect(page.getByTestId('vector-seen')).toContainText(
    'source of a safetensors file: 64 values, made for “llama”',
  );
  await page.getByTestId('vector-use').click();
  await expect(page.getByText('In use: “mood-vectors”, of block 2')).toBeVisible();
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const { concept, map } = JSON.parse(await page.getByTestId('settings-json').inputValue()) as Run['experiment'];
  expect(concept).toEqual({
    kind: 'vector',
    title: 'mood-vectors',
    ...presetEnds,
    values: run.steer.vector.values.source,
    block: 2,
    promptsFrom: 'mood',
  });
  expect(map.sourceLayer).toBe(2);
});
