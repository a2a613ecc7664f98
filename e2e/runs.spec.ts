/** Kept runs: named, compared, carried out and in, deleted and put back; and the settings as one value in all their views. */
import { expect as expected, test, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { parseBundle } from '../src/experiment/bundle';
import { defaultExperiment } from '../src/experiment/defaults';
import { digestOf } from '../src/experiment/digest';
import type { Run } from '../src/experiment/run';

/** Two pages of a busy machine: what is waited for comes, and when is not the question. */
const expect = expected.configure({ timeout: 30_000 });

const recorded = JSON.parse(readFileSync(new URL('../public/recorded/mood.json', import.meta.url), 'utf8')) as Run;

/** A run of other settings, whose mapped vector does worse: no run of the lab, but of its form. */
function otherRun(): Run {
  const experiment: Run['experiment'] = {
    ...recorded.experiment,
    title: 'Fewer & <b>bolder</b>',
    map: { ...recorded.experiment.map, lambda: 0.5 },
  };
  const arms = recorded.evidence.arms.map((arm) =>
    arm.name === 'mapped'
      ? { ...arm, conceptRate: { value: 0.1, n: 64, interval: [0.05, 0.2] as [number, number] } }
      : arm,
  );
  return {
    ...recorded,
    experiment,
    experimentDigest: digestOf(experiment),
    evidence: { ...recorded.evidence, arms },
    map: { ...recorded.map, heldOutR2: 0.11 },
  };
}

const file = (name: string, text: string): { name: string; mimeType: string; buffer: Buffer } => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(text),
});
const rows = (page: Page): ReturnType<Page['getByTestId']> => page.getByTestId('kept-run');

async function openList(page: Page): Promise<void> {
  await page.getByTestId('runs-button').click();
  await expect(page.getByTestId('runs')).toBeVisible();
}

test('a run is kept, renamed, found after a reload and in another tab, compared, exported, deleted, put back and brought in', async ({
  page,
  context,
}) => {
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  await page.goto('./');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  await openList(page);
  await expect(page.getByTestId('runs-count')).toHaveText('None yet.');
  // A browser that has no more room says so, and the run can be kept when there is.
  const { origin } = new URL(page.url());
  const browser = await context.newCDPSession(page);
  await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  await page.getByTestId('keep-shown').click();
  await expect(page.getByTestId('runs').getByTestId('error')).toHaveAttribute('data-code', 'storage-full');
  await expect(rows(page)).toHaveCount(0);
  await browser.send('Storage.overrideQuotaForOrigin', { origin });
  await page.getByTestId('runs').getByRole('button', { name: 'Keep it now' }).click();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByTestId('runs').getByTestId('error')).toHaveCount(0);
  await expect(page.getByTestId('keep-shown')).toHaveCount(0);
  await page.getByTestId('run-rename').click();
  await page.getByTestId('run-name').fill('The recorded one');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toContainText('The recorded one');

  await page.reload();
  await openList(page);
  await expect(rows(page)).toContainText('The recorded one');
  await expect(rows(page)).toContainText(recorded.experimentDigest.slice(0, 12));

  // A damaged file says so and costs nothing.
  const other = otherRun();
  await page.getByTestId('import-file').setInputFiles(file('cut.json', JSON.stringify(other).slice(0, -20)));
  await expect(page.getByTestId('runs').getByTestId('error')).toHaveAttribute('data-code', 'bundle-invalid');
  await page.getByTestId('import-file').setInputFiles(file('run.json', JSON.stringify(other)));
  await expect(rows(page)).toHaveCount(2);
  await expect(rows(page).first()).toContainText('Fewer & <b>bolder</b>');

  await page.getByLabel('Compare The recorded one').check();
  await page.getByLabel('Compare Fewer & <b>bolder</b>').check();
  await page.getByTestId('compare').click();
  const comparison = page.getByTestId('comparison');
  const settings = page.getByTestId('compare-settings').locator('tbody tr');
  await expect(settings).toHaveCount(2);
  await expect(settings.filter({ hasText: 'Ridge weight λ' })).toContainText('automatic');
  await expect(settings.filter({ hasText: 'Ridge weight λ' })).toContainText('0.5');
  const numbers = comparison.locator('.headline-table tbody tr');
  await expect(numbers.filter({ hasText: 'Large + mapped, positive side' })).toContainText('apart');
  await expect(numbers.filter({ hasText: 'Large + native, positive side' })).toContainText('overlap');
  await expect(numbers.filter({ hasText: 'Held-out R²' })).toContainText('0.11');
  await comparison.getByRole('group', { name: /^Dose and response/ }).scrollIntoViewIfNeeded();
  await expect(comparison.locator('.js-plotly-plot .trace')).toHaveCount(2, { timeout: 30_000 });
  await expect(comparison.locator('.texts-pair article')).toHaveCount(2);
  await page.getByTestId('compare-back').click();

  const first = rows(page).filter({ hasText: 'The recorded one' });
  const downloading = page.waitForEvent('download');
  await first.getByTestId('run-export').click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('the-recorded-one.lrt.json');
  const text = readFileSync(await download.path(), 'utf8');
  expect(parseBundle(text).entries[0].run).toEqual(recorded);

  await first.getByTestId('run-delete').click();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByTestId('runs-undo')).toBeFocused();
  await page.getByTestId('runs-undo').click();
  await expect(rows(page)).toHaveCount(2);
  await first.getByTestId('run-delete').click();
  await expect(rows(page)).toHaveCount(1);
  await page.keyboard.press('Control+z');
  await expect(rows(page)).toHaveCount(2);

  // What one tab does, the other sees.
  const tab = await context.newPage();
  await tab.goto('./');
  await openList(tab);
  await expect(rows(tab)).toHaveCount(2);
  await rows(tab).filter({ hasText: 'The recorded one' }).getByTestId('run-delete').click();
  await expect(rows(page)).toHaveCount(1);
  await tab.close();

  await page.getByTestId('import-file').setInputFiles(file('mine.lrt.json', text));
  await expect(page.getByTestId('imported')).toContainText('1 run brought in');
  await expect(rows(page).filter({ hasText: 'The recorded one' })).toHaveCount(1);
  await page.getByTestId('import-file').setInputFiles(file('mine.lrt.json', text));
  await expect(page.getByTestId('imported')).toContainText('1 run kept already');
  expect(failures).toEqual([]);
});

test('form, JSON, a file and an opened run are views of one value: each is a step that can be undone', async ({
  page,
}) => {
  await page.goto('./');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  const mood = recorded.experiment;
  const digest = page.getByTestId('settings-digest').locator('code').first();
  const shows = (experiment: object): Promise<void> => expect(digest).toHaveAttribute('title', digestOf(experiment));

  await page.getByTestId('settings-button').click();
  await shows(mood);
  const seed = page.locator('[data-field="generation.seed"] input');
  await seed.fill('11');
  await seed.press('Enter');
  const byForm = { ...mood, generation: { ...mood.generation, seed: 11 } };
  await shows(byForm);

  await page.getByText('JSON', { exact: true }).click();
  const byJson = { ...byForm, map: { ...byForm.map, lambda: 0.25 } };
  await page.getByTestId('settings-json').fill(JSON.stringify(byJson));
  await page.getByTestId('settings-apply').click();
  await shows(byJson);

  await page.getByTestId('settings-file').setInputFiles(file('broken.json', '{"schema": 2'));
  await expect(page.locator('.json-editor').getByTestId('error')).toHaveAttribute('data-code', 'settings-invalid');
  await shows(byJson);
  const byFile = defaultExperiment('tense');
  await page.getByTestId('settings-file').setInputFiles(file('experiment.json', JSON.stringify(byFile)));
  await shows(byFile);
  await page.getByTestId('settings-close').click();

  await openList(page);
  const other = otherRun();
  await page.getByTestId('import-file').setInputFiles(file('run.json', JSON.stringify(other)));
  await page.getByTestId('run-open').click();
  await expect(page.getByTestId('runs')).toHaveCount(0);
  await expect(page.locator('main')).toHaveAttribute('data-run', 'stored');
  await expect(page.getByTestId('provenance')).toContainText('Kept run');
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'stored');
  await expect(page.getByTestId('stage-map')).toContainText('R² 0.11');

  // Back through every view, by keys and by the button, and forward again.
  await page.keyboard.press('Control+z');
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'stale');
  await page.getByTestId('settings-button').click();
  const undo = page.getByTestId('runs').or(page.locator('dialog.sheet')).getByTestId('undo');
  await shows(byFile);
  await undo.click();
  await shows(byJson);
  await page.getByText('Form', { exact: true }).click();
  await seed.focus();
  await page.keyboard.press('Control+z');
  await shows(byForm);
  await expect(seed).toHaveValue('11');
  await page.keyboard.press('Control+z');
  await shows(mood);
  await expect(seed).toHaveValue(String(mood.generation.seed));
  await expect(undo).toBeDisabled();
  for (const experiment of [byForm, byJson, byFile, other.experiment]) {
    await page.keyboard.press('Control+Shift+z');
    await shows(experiment);
  }
  await page.getByTestId('settings-close').click();
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'stored');
});
