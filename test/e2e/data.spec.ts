import { copyFileSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { type Page, expect, test } from '@playwright/test';
import { runJson } from '../contract/command.ts';
import { writeClassFolders, writeIdentityFolders } from '../fixtures/faces.ts';
import { type RunningStudio, problemsOf, startStudio } from './studio.ts';

/** The Data place as a person works in it, by the keyboard where that is the quicker way. */
test.describe.configure({ mode: 'serial' });

let studio: RunningStudio;
let page: Page;
let problems: string[];

test.beforeAll(async ({ browser }) => {
  studio = await startStudio();
  const at = (...names: string[]): string => join(studio.folder, ...names);
  await writeClassFolders(at('labeled'), { perClass: 12, size: 60 });
  // A class whose name nobody can guess.
  renameSync(at('labeled', 'fear'), at('labeled', 'mystery'));
  await writeIdentityFolders(at('people'), { identities: 10, perIdentity: 4, size: 60 });
  // The same face under two labels, and in two splits.
  copyFileSync(at('labeled', 'sad', '0.png'), at('labeled', 'anger', 'copy.png'));
  await writeClassFolders(at('held-out'), { perClass: 3, size: 60, seed: 9 });
  mkdirSync(at('held-out', 'happy'), { recursive: true });
  copyFileSync(at('labeled', 'happy', '5.png'), at('held-out', 'happy', 'leak.png'));
  // A context of its own: axe refuses a page that `newPage` made one for.
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  problems = problemsOf(page);
  await page.goto(studio.address);
});

test.afterAll(async () => {
  await studio.close();
});

test.afterEach(() => {
  expect(problems).toEqual([]);
});

const grid = () => page.getByRole('listbox', { name: /^Faces/ });
const place = (path: string): string => new URL(path, studio.address).href;

async function importAs(name: string, role: string): Promise<void> {
  await page.getByLabel('Folder or file').fill(join(studio.folder, name));
  await page.getByRole('button', { name: /Role$/ }).click();
  await page.getByRole('option', { name: role, exact: true }).click();
}

test('an import is seen before it begins, and a class that nobody knows is asked for', async () => {
  await page.goto(place('/data/import'));
  await importAs('labeled', 'Labeled');
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect(preview.getByText('folder', { exact: true })).toBeVisible();
  await expect(preview.getByRole('table', { name: 'First images' }).getByRole('row')).toHaveCount(11); // heading and ten
  await preview.getByRole('button', { name: /mystery/ }).click();
  await page.getByRole('option', { name: 'Fear' }).click();
  await expect(preview.getByRole('button', { name: /Fear mystery/ })).toBeVisible();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByText('85 added')).toBeVisible({ timeout: 30_000 }); // 7 classes × 12, and a copy
  await importAs('people', 'Unlabeled');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByText('40 added')).toBeVisible({ timeout: 30_000 }); // 10 people × 4
  await importAs('held-out', 'Test');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByText('22 added')).toBeVisible({ timeout: 30_000 }); // 7 × 3, and a copy
});

test('facets count under the other parts of the filter, and the address holds all of it', async () => {
  await page.getByRole('link', { name: 'Faces', exact: true }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 147'); // 85 + 40 + 22
  const facets = page.getByRole('complementary', { name: 'Filters' });
  await facets.getByRole('button', { name: 'Happy, 16 images' }).click(); // 12 + 3 + the copy
  await expect(grid()).toHaveAccessibleName('Faces, 16');
  await expect(facets.getByRole('button', { name: 'Train, 12 images' })).toBeVisible();
  await expect(facets.getByRole('button', { name: 'Sad, 15 images' })).toBeVisible(); // as without a class
  await facets.getByRole('button', { name: 'Sad, 15 images' }).click();
  await expect(page).toHaveURL(/class=happy(,|%2C)sad/);
  await expect(grid()).toHaveAccessibleName('Faces, 31');
  await page.getByRole('searchbox', { name: /Text in the path/ }).fill('copy');
  await expect(page.getByText('No face matches these filters')).toBeVisible();
  await page.getByRole('searchbox', { name: /Text in the path/ }).fill('sad');
  await expect(grid()).toHaveAccessibleName('Faces, 15');
  await page.reload();
  await expect(grid()).toHaveAccessibleName('Faces, 15');
  await page.goBack();
  await expect(grid()).toHaveCount(0); // the filter before
  await facets.getByRole('button', { name: 'Clear filters' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 147');
});

test('what is typed into the search stays, however slowly: too short, with a space, and cleared from elsewhere', async () => {
  await page.goto(place('/data'));
  const search = page.getByRole('searchbox', { name: /Text in the path/ });
  await search.pressSequentially('sa');
  await page.waitForTimeout(500);
  await expect(search).toHaveValue('sa');
  await search.pressSequentially('d/', { delay: 250 });
  await expect(search).toHaveValue('sad/');
  await expect(grid()).toHaveAccessibleName('Faces, 15'); // 12 and 3
  await search.press('Backspace');
  await search.press('Backspace');
  await page.waitForTimeout(500);
  await expect(search).toHaveValue('sa');
  await expect(grid()).toHaveAccessibleName('Faces, 147');
  await search.pressSequentially('d ');
  await expect(page).toHaveURL(/text=sad/);
  await expect(search).toHaveValue('sad ');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(search).toHaveValue('');
});

test('a bar filters, and with Shift another is added', async () => {
  await page.getByRole('button', { name: 'Disgust, Train: 12 images' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 12');
  await page.getByRole('button', { name: 'Anger, Train: 13 images' }).click({ modifiers: ['Shift'] });
  await expect(grid()).toHaveAccessibleName('Faces, 25');
  await page.getByRole('button', { name: 'Clear filters' }).click();
});

test('faces are selected by keys and clicks, and the selection survives a reload', async () => {
  await grid().focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const bar = page.getByRole('toolbar', { name: 'Selection' });
  await expect(bar).toContainText('1 selected');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(bar).toContainText('3 selected');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await expect(bar).toContainText('4 selected');
  await page
    .getByRole('option')
    .nth(8)
    .click({ modifiers: ['ControlOrMeta'] });
  await expect(bar).toContainText('5 selected');
  await page.reload();
  await expect(bar).toContainText('5 selected');
  await expect(page.getByRole('option', { selected: true })).toHaveCount(5);
  await grid().focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expect(bar).toContainText('147 selected');
  await page.keyboard.press('Escape');
  await expect(bar).toHaveCount(0);
});

test('the details follow, with the file and the label', async () => {
  await page.getByRole('option').first().click();
  const details = page.getByRole('complementary', { name: 'Face' });
  await expect(details.getByText('anger/0.png')).toBeVisible();
  await page.keyboard.press('ControlOrMeta+i');
  await expect(details).toHaveCount(0);
  await page.keyboard.press('ControlOrMeta+i');
  await expect(details.getByText('anger/0.png')).toBeVisible();
});

test('what is selected is excluded with a reason, and comes back by undo', async () => {
  await page.goto(place('/data?class=disgust&split=train'));
  await grid().focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Exclude' }).click();
  await page.getByRole('button', { name: 'not a face' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Exclude' }).click();
  await expect(page.getByText('12 faces excluded.')).toBeVisible();
  await expect(page.getByText('No face matches these filters')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 12');
});

test('a face is relabeled as a decision that can be undone', async () => {
  await page.getByRole('option').first().click();
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Relabel' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sad' }).click();
  await expect(page.getByText('1 face relabeled sad.')).toBeVisible();
  await expect(grid()).toHaveAccessibleName('Faces, 11');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 12');
});

test('what is selected becomes a subset, and another is drawn from the filter', async () => {
  await page.goto(place('/data?split=train'));
  await grid().focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Add to subset' }).click();
  await page.getByRole('textbox', { name: 'Subset' }).fill('picked');
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('picked@1 holds 85 images.')).toBeVisible();
  await page.getByRole('link', { name: 'Subset', exact: true }).click();
  await expect(page.getByText('85 labeled images')).toBeVisible();
  await page.getByLabel('Name').fill('drawn');
  await page.getByLabel('Per class').fill('20');
  await page.getByRole('button', { name: 'Make the subset' }).click();
  await expect(page.getByText(/drawn holds 85 images, 55 fewer than asked for/)).toBeVisible(); // 7 × 20 − 85
  await page.getByRole('button', { name: 'More about picked' }).click();
  await expect(
    page
      .getByText('85 chosen by hand')
      .or(page.getByText(/85 splits train/))
      .first(),
  ).toBeVisible();
});

test('an analysis finds the copies; leaks are excluded in one step, and the log takes it back', async () => {
  await page.goto(place('/data/duplicates'));
  await page.getByRole('button', { name: /^Analyze 147 images/ }).click();
  await expect(page.getByText('2 groups of exact duplicates')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole('list', { name: 'Groups of copies' }).getByRole('listitem')).toHaveCount(2);
  await page.getByRole('button', { name: 'Exclude leaks' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Exclude' }).click();
  await expect(page.getByText('1 face excluded.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Exclude leaks' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Exclusions' }).click();
  const newest = page.getByRole('table', { name: 'Exclusions' }).getByRole('row').nth(1);
  await expect(newest).toContainText('exact leaks, train kept');
  await newest.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone: 1 face put back.')).toBeVisible();
});

test('a filter is kept under a name', async () => {
  await page.goto(place('/data?duplicates=exact'));
  await expect(grid()).toHaveAccessibleName('Faces, 4');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Name').fill('Copies');
  await page.getByRole('button', { name: 'Save this view' }).click();
  await expect(page.getByRole('button', { name: 'Copies', exact: true })).toBeVisible();
  await page.goto(place('/data'));
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: 'Copies', exact: true }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 4');
});

test('without a round the chart of labeled and unlabeled faces says how to make one', async () => {
  await page.goto(place('/data'));
  await page.getByRole('radio', { name: 'Labeled and unlabeled' }).click();
  await page.getByRole('link', { name: 'Make a round of pseudo labels' }).click();
  await expect(page).toHaveURL(/\/labels$/);
  await page.goBack();
  await expect(page.getByRole('button', { name: /Round of pseudo labels/ })).toHaveCount(0);
});

/** Of the 40 people 30 are happy and 10 are sad, the less sure the later; of the labeled faces all are sad. */
async function addRounds(): Promise<void> {
  const line = (path: string, happy: number): string => `${path},0,${happy.toFixed(3)},${(1 - happy).toFixed(3)}`;
  const files = {
    people: imagesBelow('people').map((path, row) => line(path, row < 30 ? 0.99 - row * 0.01 : 0.3)),
    labeled: imagesBelow('labeled').map((path) => line(path, 0.1)),
  };
  for (const [source, lines] of Object.entries(files)) {
    const file = join(studio.folder, `${source}.csv`);
    writeFileSync(file, ['path,neutral,happy,sad', ...lines].join('\n'));
    const at = ['--workspace', join(studio.folder, 'workspace')];
    await runJson('pseudo-label', '--from', file, '--source', source, '--name', `${source}-1`, ...at);
  }
}

function imagesBelow(source: string): string[] {
  const names = readdirSync(join(studio.folder, source), { recursive: true }).map(String);
  return names.filter((name) => name.endsWith('.png')).sort();
}

test('a round is looked at: its classes, how sure it is, and where it differs from the labels', async () => {
  await addRounds();
  await page.goto(place('/data'));
  const facets = page.getByRole('complementary', { name: 'Filters' });
  const choose = async (name: string) => {
    await facets.getByRole('button', { name: /Round of pseudo labels/ }).click();
    await page.getByRole('option', { name: new RegExp(`^${name}`) }).click();
  };
  await choose('people-1');
  await expect(grid()).toHaveAccessibleName('Faces, 40');
  await facets.getByRole('group', { name: 'Pseudo label' }).getByRole('button', { name: 'Happy, 30 images' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 30');
  await expect(page).toHaveURL(/round=\d+/);
  await expect(page).toHaveURL(/pseudo=happy/);
  await expect(page.getByRole('option', { name: /pseudo label Happy, 99\.0 % sure/ })).toBeVisible();

  // Brushed from 85 % to the end: 0.99 to 0.85 in steps of 0.01.
  const histogram = facets.getByRole('group', { name: 'Confidence' }).getByRole('img');
  const box = (await histogram.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.875, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await expect(grid()).toHaveAccessibleName('Faces, 15');
  await expect(page).toHaveURL(/confidence=0\.85-1/);
  await page.reload();
  await expect(grid()).toHaveAccessibleName('Faces, 15');
  const from = facets.getByRole('group', { name: 'Confidence' }).getByRole('textbox', { name: /From/ });
  await expect(from).toHaveValue('85');
  await from.fill('95');
  await from.press('Enter');
  await expect(grid()).toHaveAccessibleName('Faces, 5'); // 0.99 to 0.95
  await facets.getByRole('button', { name: 'Clear confidence 95 to 100 %' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 30');

  await page.getByRole('button', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Confidence' }).click();
  await expect(page.getByRole('option').first()).toHaveAccessibleName(/70\.0 % sure/); // 0.99 − 29 × 0.01
  await page.getByRole('option').first().click();
  const details = page.getByRole('complementary', { name: 'Face' });
  await expect(details.getByRole('heading', { name: 'Pseudo labels' })).toBeVisible();
  await expect(details.getByRole('link', { name: 'people-1' })).toBeVisible();

  await facets.getByRole('button', { name: 'Clear filters' }).click();
  await choose('labeled-1');
  await expect(page.getByRole('option', { name: /^Anger, but pseudo label Sad, 90\.0 % sure/ }).first()).toBeVisible();
  await facets.getByRole('group', { name: 'Class', exact: true }).getByRole('button', { name: /^Sad/ }).click();
  await expect(page.getByRole('option', { name: /^Sad, pseudo label Sad/ }).first()).toBeVisible();
});

test('bars of labeled and unlabeled faces stand side by side, and lead to the faces', async () => {
  await page.goto(place('/data'));
  const chart = page.getByRole('table').filter({ hasText: 'Pseudo labels' });
  const happy = chart.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Happy' }) });
  await expect(happy).toContainText('75.0 %'); // 30 of 40
  await expect(happy).toContainText('+60.9'); // less 12 of 85
  await happy.getByRole('button', { name: /pseudo labels/ }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 30');
  await happy.getByRole('button', { name: /, labeled/ }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 12');
  await expect(page).not.toHaveURL(/round=/);
});

test('what was decided is filtered by', async () => {
  await page.goto(place('/data?class=fear&split=train'));
  await page.getByRole('option').first().click();
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('button', { name: 'Relabel' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Sad' }).click();
  await expect(page.getByText('1 face relabeled sad.')).toBeVisible();
  await page.goto(place('/data'));
  const reviewed = page.getByRole('group', { name: 'Reviewed' });
  await expect(reviewed.getByRole('button', { name: 'Undecided, 146 images' })).toBeVisible(); // 147 less one
  await reviewed.getByRole('button', { name: 'Relabeled, 1 image' }).click();
  await expect(grid()).toHaveAccessibleName('Faces, 1');
  await expect(page).toHaveURL(/reviewed=relabeled/);
});

test('similar faces are a list in the grid that says what it compared', async () => {
  await page.goto(place('/data?text=person_0'));
  await page.getByRole('option').first().click();
  await page.getByRole('toolbar', { name: 'Selection' }).getByRole('link', { name: 'Find similar' }).click();
  await expect(page).toHaveURL(/similar=\d+/);
  await expect(page.getByRole('note', { name: 'Similar faces' })).toContainText('perceptual hashes');
  await expect(grid()).toHaveAccessibleName('Faces, 147');
  const address = page.url();
  const chosen = new URL(address).searchParams.get('similar')!;
  await expect(page.getByRole('option').first()).toHaveAttribute('id', `face-${chosen}`);
  await expect(page.getByRole('button', { name: 'Order' })).toContainText('Similarity');
  await page.goto(address);
  await expect(page.getByRole('option').first()).toHaveAttribute('id', `face-${chosen}`);
  await page.getByRole('button', { name: 'Clear similar faces' }).click();
  await expect(page.getByRole('note', { name: 'Similar faces' })).toHaveCount(0);
});

test('a source says where it is and how unbalanced, and is removed once its name is typed', async () => {
  await page.goto(place('/data/sources'));
  await page.getByRole('button', { name: 'More about people' }).click();
  await expect(page.getByText(join(studio.folder, 'people'))).toBeVisible();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByLabel('Type people to go on').fill('people');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByRole('contentinfo')).toContainText('107 images', { timeout: 20_000 }); // 147 − 40
});

const TABS = [
  '/data',
  '/data?round=2&similar=3',
  '/data/sources?open=labeled',
  '/data/subsets?open=picked',
  '/data/duplicates',
  '/data/exclusions',
  '/data/import',
];

for (const scheme of ['light', 'dark'] as const) {
  for (const tab of TABS) {
    test(`${tab} in ${scheme} has no serious fault of accessibility`, async () => {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.goto(place(tab));
      await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
      await expect(page.locator('main').getByRole('heading', { level: 2 }).first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    });
  }
}
