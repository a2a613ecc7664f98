/** Models that are made for chat: their templates are suggested, shown as they are used, and named where they are missing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';
import { ROOT } from '../tools/serve';

const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}";

/** The bundled models with a chat template in their tokenizer configuration, and a catalogue that knows those files. */
async function withTemplates(page: Page): Promise<void> {
  const body = JSON.stringify({
    ...JSON.parse(readFileSync(join(ROOT, 'public/models/lrt-stories-s/tokenizer_config.json'), 'utf8')),
    chat_template: TEMPLATE,
  });
  const digest = createHash('sha256').update(body).digest('hex');
  const family = JSON.parse(readFileSync(join(ROOT, 'public/family.json'), 'utf8')) as {
    models: { files: { path: string; bytes: number; sha256: string }[] }[];
  };
  for (const { files } of family.models)
    for (const file of files)
      if (file.path === 'tokenizer_config.json')
        Object.assign(file, { bytes: Buffer.byteLength(body), sha256: digest });
  await page.route('**/tokenizer_config.json', (route) => route.fulfill({ contentType: 'application/json', body }));
  await page.route('**/family.json', (route) => route.fulfill({ json: family }));
}

async function useSettings(page: Page, experiment: unknown): Promise<void> {
  await page.getByTestId('settings-button').click();
  if (!(await page.getByTestId('settings-json').isVisible())) await page.getByText('JSON', { exact: true }).click();
  await page.getByTestId('settings-json').fill(JSON.stringify(experiment));
  await page.getByTestId('settings-apply').click();
  await page.getByTestId('settings-close').click();
}

const quick = quickVariant(defaultExperiment('mood'));
const small = {
  ...quick,
  corpus: { ...quick.corpus, maxTokens: 1_500 },
  vector: { ...quick.vector, readPosition: 'last' },
};

test('chat templates are suggested, and shown around prompt and pairs; a model without one is named', async ({
  page,
}) => {
  await withTemplates(page);
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await useSettings(page, small);
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-steer')).toHaveAttribute('data-mark', 'done', { timeout: 120_000 });
  await page.getByTestId('cancel-button').click();
  await page.getByTestId('stage-steer').click();
  await expect(page.getByText('Both models have a chat template.')).toBeVisible();
  await expect(page.getByTestId('written-prompt')).toHaveCount(0);

  await page.getByText('chat template', { exact: true }).click();
  await page.getByRole('textbox', { name: 'System message' }).fill('Tell it.');
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-steer')).toHaveAttribute('data-mark', 'done', { timeout: 120_000 });
  await page.getByTestId('cancel-button').click();
  const written = page.getByTestId('written-prompt');
  await expect(written).toContainText('Both models');
  await expect(written.locator('.special')).toHaveText(['<s>']);
  await expect(written.locator('.read-tokens')).toHaveText(/Tell.*user.*assistant/s);

  await page.getByRole('button', { name: 'Change the concept' }).click();
  await page.getByText('How the models are given the first pair').click();
  const pair = page.locator('.concept-editor .read-tokens');
  await expect(pair).toHaveCount(2);
  await expect(pair.first().locator('.read')).toHaveText([':']);

  await page.unroute('**/tokenizer_config.json');
  await page.unroute('**/family.json');
  await useSettings(page, {
    ...small,
    models: { ...small.models, target: { id: 'lrt-stories-s-plain', dtype: 'fp32' } },
    prompting: { template: 'chat', system: '' },
  });
  await page.getByTestId('run-button').click();
  await page.getByTestId('stage-models').click();
  const error = page.locator('[data-testid="error"][data-code="chat-template"]');
  await expect(error).toContainText('has no chat template.', { timeout: 60_000 });
  await error.getByRole('button', { name: 'Use plain prompts' }).click();
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-models')).toHaveAttribute('data-mark', 'done', { timeout: 60_000 });
  await page.getByTestId('cancel-button').click();
});
