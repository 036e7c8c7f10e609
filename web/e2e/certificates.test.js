import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fits, owner, post, shoot, signIn, visit } from './browser.js';

async function open(page) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Certificates' }).click();
  await page.getByRole('heading', { name: 'Certificates', level: 1 }).waitFor();
}

async function order(page, { name, how, type }) {
  await page.getByRole('link', { name: 'New key' }).click();
  await page.getByLabel('Name of the key').fill(name);
  await page.getByLabel(how).check();
  await page.getByLabel(type).check();
}

test('the owner is made', async () => {
  await post('setup', owner);
});

test('what there is, and everything of one certificate', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await open(page);
  await page.getByRole('link', { name: 'qwac', exact: true }).waitFor();
  await page.getByText('Model Bank UK').first().waitFor();
  await accessible(page, 'certificates');
  await shoot(page, 'certificates');
  await page.getByRole('link', { name: 'qwac', exact: true }).click();
  await page.getByText(/^Not revoked/).waitFor();
  await page.getByText('account information (PSP_AI)').waitFor();
  await page.getByText(/^[0-9a-f]{64}$/).waitFor();
  await accessible(page, 'a certificate');
  await shoot(page, 'certificate');
  await page.getByRole('button', { name: 'Delete qwac' }).click();
  await page.getByRole('alertdialog', { name: 'Delete qwac?' }).waitFor();
  await accessible(page, 'deleting a certificate');
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.getByText(/move the bank to other certificates first/).waitFor();
  await shoot(page, 'certificate-delete-refused');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a request is made, shown, and its key deleted', async () => {
  const { page, context, faults } = await visit({ permissions: ['clipboard-read', 'clipboard-write'] });
  await signIn(page);
  await open(page);
  await order(page, { name: 'next-qwac', how: /make a request/, type: 'QWAC: opens connections' });
  assert.equal(await page.getByLabel('Organisation identifier').inputValue(), 'PSDGB-FCA-123456');
  await page.getByLabel('Host names').fill('not a host name!');
  await page.getByRole('button', { name: 'Make the request' }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
  await accessible(page, 'an order that was refused');
  await shoot(page, 'order-refused');
  await page.getByLabel('Host names').fill('tpp.example.com');
  await accessible(page, 'an order');
  await page.getByRole('button', { name: 'Make the request' }).click();
  await page.getByRole('heading', { name: 'Request for next-qwac' }).waitFor();
  const csr = await page.getByLabel('Certificate request (PEM)').inputValue();
  assert.match(csr, /^-----BEGIN CERTIFICATE REQUEST-----\n[\s\S]+-----END CERTIFICATE REQUEST-----\n$/);
  await page.getByRole('button', { name: 'Copy the request' }).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), csr);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download next-qwac.csr' }).click();
  assert.equal((await download).suggestedFilename(), 'next-qwac.csr');
  await accessible(page, 'a request');
  await shoot(page, 'csr');
  await page.getByRole('link', { name: 'Install the answer' }).click();
  await page.getByText('Waits for its certificate').waitFor();
  await page.getByLabel('Or paste it here').fill('no PEM at all');
  await page.getByRole('button', { name: 'Install' }).click();
  await page.getByText(/holds no certificate in PEM/).waitFor();
  await accessible(page, 'a key that waits');
  await shoot(page, 'certificate-waits');
  await page.getByRole('button', { name: 'Delete next-qwac' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.getByRole('heading', { name: 'Certificates', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'next-qwac' }).waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  await context.close();
});

test('the local issuer certifies, and a bank moves to the new pair', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await open(page);
  await order(page, { name: 'qseal-2', how: 'The local test issuer, at once', type: 'QSEAL: signs' });
  await shoot(page, 'order');
  await page.getByRole('button', { name: 'Make and certify' }).click();
  await page.getByRole('heading', { name: 'qseal-2' }).waitFor();
  await page.getByText(/^36[45] days left$/).waitFor();
  await open(page);
  await page.getByRole('link', { name: 'Move a bank' }).click();
  await page.getByLabel('Certificate that signs (QSEAL)').selectOption('qseal-2');
  await accessible(page, 'a move');
  await shoot(page, 'move');
  await page.getByRole('button', { name: 'Move Model Bank UK' }).click();
  await page.getByText(/^Moving Model Bank UK/).waitFor();
  await accessible(page, 'a move that runs');
  await shoot(page, 'move-running');
  await page.getByText('Model Bank UK now uses qwac and qseal-2.').waitFor({ timeout: 60_000 });
  await accessible(page, 'a move that is done');
  await shoot(page, 'move-done');
  await page.getByRole('link', { name: 'See the registration' }).click();
  await page.getByText('qseal-2').waitFor();
  await page.getByRole('link', { name: 'Move to other certificates' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('an import is refused in words, and the key is cleared', async () => {
  const { page, context } = await visit();
  await signIn(page);
  await open(page);
  await page.getByRole('link', { name: 'Import' }).click();
  await page.getByLabel('Name', { exact: true }).fill('elsewhere');
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByText('Choose a file or paste its text.').waitFor();
  await page.getByLabel('Or paste it here').fill('-----BEGIN PRIVATE KEY-----');
  await shoot(page, 'import');
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByLabel('Or paste it here').inputValue(), '');
  await accessible(page, 'an import that was refused');
  await page.getByLabel('PKCS#12 (.p12, .pfx)').check();
  await accessible(page, 'an import of PKCS#12');
  await shoot(page, 'import-pkcs12');
  await context.close();
});

test('a phone and the dark scheme show every certificate', async () => {
  const { page, context } = await visit({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await signIn(page);
  await page.getByRole('button', { name: 'More' }).click();
  await fits(page, 'more');
  await open(page);
  await page.getByRole('link', { name: 'qseal-2' }).waitFor();
  await fits(page, 'certificates');
  await page.getByRole('link', { name: 'qwac', exact: true }).click();
  await page.getByText(/^Not revoked/).waitFor();
  await fits(page, 'certificate');
  await page.getByRole('link', { name: 'All certificates' }).click();
  await page.getByRole('link', { name: 'New key' }).click();
  await page.getByLabel('Name of the key').waitFor();
  await fits(page, 'order');
  await page.getByRole('link', { name: 'All certificates' }).click();
  await page.getByRole('link', { name: 'Move a bank' }).click();
  await page.getByLabel('Bank', { exact: true }).waitFor();
  await fits(page, 'move');
  await context.close();
});
