import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fits, owner, post, registerAt, shoot, signIn, stack, visit } from './browser.js';

const secret = 'a-portal-secret-of-mine';

test('the owner is made', async () => {
  await post('setup', owner);
});

test('credentials are shown without secrets, changed by hand and removed', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Certificates' }).click();
  await page.getByRole('link', { name: 'Credentials' }).click();
  await page.getByRole('heading', { name: 'Save by hand' }).waitFor();
  await page.getByLabel('Group of banks').fill('nowhere');
  await page.getByLabel('API key').fill(secret);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText(/no bank of the catalogue is of the group/).waitFor();
  assert.equal(await page.getByLabel('API key').inputValue(), '', 'the secret is cleared');
  await page.getByLabel('Group of banks').fill('op');
  await page.getByLabel('Label').fill('Sandbox app');
  await page.getByLabel('API key').fill(secret);
  await page.getByLabel('Valid until').fill('2030-01-31');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The credentials of op are saved.').waitFor();
  await page.getByText('31 January 2030').waitFor();
  await page.getByText('API key', { exact: true }).first().waitFor();
  await accessible(page, 'credentials');
  await shoot(page, 'credentials');
  await page.getByRole('button', { name: 'Change the credentials of op' }).click();
  assert.equal(await page.getByLabel('Label').inputValue(), 'Sandbox app');
  assert.equal(await page.getByLabel('API key').inputValue(), '');
  await accessible(page, 'credentials that are changed');
  await shoot(page, 'credentials-change');
  await page.getByLabel('Valid until').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('No end date').first().waitFor();
  assert.doesNotMatch(await page.content(), new RegExp(secret));
  await page.getByRole('button', { name: 'Remove the credentials of op' }).click();
  await page.getByRole('alertdialog').waitFor();
  await accessible(page, 'removing credentials');
  await page.getByRole('button', { name: 'Remove them' }).click();
  await page.getByText('The credentials of op are removed.').waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('the audit log is read and proven, also against what was noted', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await registerAt(page, 'OP Financial Group');
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByText('credential.removed').waitFor();
  await accessible(page, 'the audit log');
  await page.getByRole('button', { name: 'Prove the log' }).click();
  const whole = page.getByText(/^The log is whole: \d+ entries, none changed, moved or lost\.$/);
  await whole.waitFor();
  const head = await page.getByText(/^[0-9a-f]{64}$/).innerText();
  const entries = /whole: (\d+)/.exec(await whole.innerText())[1];
  await accessible(page, 'a proof');
  await shoot(page, 'audit');
  await page.getByLabel('Entries noted earlier').fill(entries);
  await page.getByRole('button', { name: 'Prove the log' }).click();
  await page.getByText('Give both, entries and head, or neither.').waitFor();
  await page.getByLabel('Head noted earlier').fill(head);
  await page.getByRole('button', { name: 'Prove the log' }).click();
  await page.getByText(/^What you noted is still in the chain/).waitFor();
  await page.getByLabel('Head noted earlier').fill('00'.repeat(32));
  await page.getByRole('button', { name: 'Prove the log' }).click();
  await page.getByText(/^What you noted is no longer in the chain/).waitFor();
  await accessible(page, 'a proof that fails');
  await shoot(page, 'audit-lost');
  await page.getByLabel('Only what was done to').fill('op');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForURL(/subject=op/);
  await page.getByText('credential.removed').waitFor();
  await page.getByText('key.created').waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  await context.close();
});

test('a phone and the dark scheme show credentials and the log', async () => {
  const { page, context } = await visit({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await signIn(page);
  await page.goto(`${stack.url}/certificates/-/credentials`);
  await page.getByRole('button', { name: 'Change the credentials of op' }).waitFor();
  await fits(page, 'credentials');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByRole('button', { name: 'Prove the log' }).click();
  await page.getByText(/^The log is whole/).waitFor();
  await fits(page, 'audit');
  await page.getByRole('list', { name: 'Entries of the audit log' }).scrollIntoViewIfNeeded();
  await fits(page, 'audit-entries');
  await context.close();
});

test('no secret is in the output', () => {
  assert.doesNotMatch(stack.output(), new RegExp(secret));
});
