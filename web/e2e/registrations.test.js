import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { accessible, owner, post, shoot, signIn, stack, visit } from './browser.js';

const steps = 6;

/** What must be seen nowhere: the key that the simulator publishes, and what secrets look like. */
const secrets = /op-simulator-key|"client_secret": "[^•]|client_secret = [^•]|"d": "[^•]|Bearer [^•]/;

async function open(page, bank) {
  await page.getByRole('link', { name: 'Registrations', exact: true }).click();
  await page.getByRole('heading', { name: 'Registrations', level: 1 }).waitFor();
  await page.getByRole('link', { name: bank }).click();
  await page.getByRole('heading', { name: bank, level: 1 }).waitFor();
}

/** The registration at a bank, in a state that the simulator does not come into by itself. */
async function pretend(context, bank, change) {
  await context.route(`**/api/v1/registrations/${bank}`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: change(await answer.json()) });
  });
}

function stopped(registration, at, part) {
  const walked = registration.steps.map((step, i) => ({
    ...step,
    done: i < at ? step.done : undefined,
    status: i < at ? 'done' : i === at ? 'stopped' : 'pending',
  }));
  return { ...registration, updated: '2026-11-21T08:00:00Z', steps: walked, ...part };
}

test('the owner is made', async () => {
  await post('setup', owner);
});

test('a bank is registered at from its wizard, every word of it shown with secrets masked', async () => {
  const { page, context, faults } = await visit({ permissions: ['clipboard-read', 'clipboard-write'] });
  await signIn(page);
  await page.getByRole('link', { name: 'Registrations', exact: true }).click();
  await page.getByText(`0 of ${steps} steps done`).waitFor();
  await accessible(page, 'registrations');
  await shoot(page, 'registrations');
  await open(page, 'OP Financial Group');
  assert.equal(await page.title(), 'Bank registration · One Point Ledger');
  await accessible(page, 'a registration before it begins');
  await shoot(page, 'wizard-begin');

  await page.getByRole('button', { name: 'Register at OP Financial Group' }).click();
  await page.getByText(`All ${steps} steps are done.`).waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute('aria-labelledby')),
    'standing',
    'the keyboard goes on where the outcome is told',
  );
  await page.getByText(/^op_\w{20,}$/).waitFor();
  await accessible(page, 'a registration that is done');
  await shoot(page, 'wizard-done');

  const register = page.getByRole('listitem').filter({ hasText: 'client registered over mutual TLS' });
  await register.getByText('What was said to the bank').click();
  await register.getByText('/op/mtls/tpp-registration/register').click();
  await register
    .getByRole('region', { name: 'Answer: body' })
    .getByText(/"client_secret": "••••"/)
    .waitFor();
  await register
    .getByRole('region', { name: 'Request: body' })
    .getByText(/"software_statement"/)
    .waitFor();
  await register.scrollIntoViewIfNeeded();
  await accessible(page, 'an exchange');
  await shoot(page, 'wizard-exchange');
  await register.getByRole('button', { name: 'Copy this exchange' }).click();
  await register.getByText('Copied').first().waitFor();
  const copied = await page.evaluate(() => window.navigator.clipboard.readText());
  assert.match(copied, /^POST https:\/\/\S+\/register\n/);
  for (const step of ['QWAC and QSEAL in the vault', 'registration proven by a token']) {
    const row = page.getByRole('listitem').filter({ hasText: step });
    await row.getByText('What was said to the bank').click();
    await row.locator('details details summary').first().click();
    await row.getByRole('region', { name: 'Answer: body' }).waitFor();
  }
  const everything = await page.evaluate(() => document.documentElement.outerHTML);
  assert.match(everything, /access_token/);
  assert.doesNotMatch(everything + copied, secrets);

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download qwac.pem' }).click();
  const file = await saving;
  assert.equal(file.suggestedFilename(), 'qwac.pem');
  assert.match(await readFile(await file.path(), 'utf8'), /^-----BEGIN CERTIFICATE-----/);
  await page.getByRole('button', { name: 'Copy client.json' }).click();
  await page.getByRole('button', { name: 'Copy client.json' }).getByText('Copied').waitFor();
  const client = await page.evaluate(() => window.navigator.clipboard.readText());
  assert.match(client, /"client_id": "op_/);
  assert.doesNotMatch(client, secrets);

  await page.reload();
  await page.getByText(`All ${steps} steps are done.`).waitFor();
  await page.getByRole('link', { name: 'Connect this bank' }).click();
  await page.getByRole('heading', { name: 'What OP Financial Group will share' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('a registration is ended after a confirmation, and what is left to do is told', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await open(page, 'OP Financial Group');
  await page.getByRole('button', { name: 'Deregister' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Deregister at OP Financial Group?' });
  await dialog.getByText('Nothing can be connected or read there').waitFor();
  await accessible(page, 'ending a registration');
  await shoot(page, 'wizard-deregister');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Deregister' }).click();
  await dialog.getByRole('button', { name: 'Deregister' }).click();
  await page.getByText('No longer registered at OP Financial Group').waitFor();
  await page.getByText(/in the bank's portal/).waitFor();
  await page.getByRole('button', { name: 'Register at OP Financial Group' }).waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement?.getAttribute('aria-labelledby')),
    'standing',
  );
  await accessible(page, 'a registration that has ended');
  await shoot(page, 'wizard-ended');
  assert.deepEqual(faults, []);
  await context.close();
});

test('the keyboard is enough to register, without the event stream', async () => {
  const { page, context } = await visit();
  await context.route('**/api/v1/events', (route) => route.abort());
  await signIn(page);
  await open(page, 'OP Financial Group');
  const press = async (target) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      if (await target.evaluate((el) => el === document.activeElement)) {
        await page.keyboard.press('Enter');
        return;
      }
    }
    assert.fail('Tab does not reach it');
  };
  await press(page.getByRole('button', { name: 'Register at OP Financial Group' }));
  await page.getByText(`All ${steps} steps are done.`).waitFor();
  const row = page.getByRole('listitem').filter({ hasText: 'registration proven by a token' });
  await press(row.locator('summary').first());
  await press(row.locator('details details summary').last());
  await row.getByRole('region', { name: 'Answer: body' }).waitFor();
  await context.close();
});

test('what a human must answer is asked for, sent once and cleared', async () => {
  const { page, context, faults } = await visit();
  await pretend(context, 'op', (r) =>
    stopped(r, 0, {
      status: 'needs_input',
      clientId: undefined,
      files: undefined,
      message: 'register an application at https://op-developer.fi and give its x-api-key',
      guide: [
        'Sign in to the developer portal.',
        'Add an application and choose the PSD2 APIs.',
        'Copy its x-api-key.',
      ],
      needs: [{ name: 'api_key', message: "the application's x-api-key", secret: true }],
    }),
  );
  await signIn(page);
  await open(page, 'OP Financial Group');
  const field = page.getByLabel("The application's x-api-key");
  assert.equal(await field.getAttribute('type'), 'password');
  assert.equal(await field.inputValue(), '');
  await accessible(page, 'a registration that needs an answer');
  await shoot(page, 'wizard-needs-input');
  const posted = [];
  await context.route('**/api/v1/registrations', async (route) => {
    posted.push(route.request().postDataJSON());
    const problem = { type: '/problems/invalid', title: 'Not valid', status: 422, code: 'invalid' };
    await route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      json: { ...problem, fields: [{ name: 'api_key', message: 'is not a key of OP' }] },
    });
  });
  await field.fill('a-secret-key');
  await page.getByRole('button', { name: 'Send and continue' }).click();
  await page.getByText('is not a key of OP').waitFor();
  assert.deepEqual(posted, [{ bank: 'op', input: { api_key: 'a-secret-key' } }]);
  assert.equal(await field.inputValue(), '', 'the secret is cleared');
  assert.equal(await field.evaluate((el) => el === document.activeElement), true);
  await accessible(page, 'an answer that was refused');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a registration that failed says why, and shows the exchange', async () => {
  const { page, context } = await visit();
  await pretend(context, 'op', (r) =>
    stopped(r, 4, {
      status: 'failed',
      message:
        'OP refused: invalid_client_metadata software_statement expired; sign a new one and register again',
      health: {
        ...r.health,
        status: 'fail',
        seal: {
          ...r.health.seal,
          status: 'fail',
          message: 'expired on 2026-11-01',
          notAfter: '2026-11-01T00:00:00Z',
        },
      },
    }),
  );
  await signIn(page);
  await open(page, 'OP Financial Group');
  await page.getByText(/OP refused/).waitFor();
  await page.getByText('/op/mtls/tpp-registration/register').first().waitFor();
  await accessible(page, 'a registration that failed');
  await shoot(page, 'wizard-failed');
  await context.close();
});

test('a registration tells that it runs, and that the bank is away', async () => {
  const { page, context } = await visit();
  let state = { status: 'running', message: undefined };
  await pretend(context, 'op', (r) => {
    const at = stopped(r, 2, { clientId: undefined, files: undefined, ...state });
    at.steps[2].status = state.status === 'running' ? 'running' : 'stopped';
    return at;
  });
  await signIn(page);
  await open(page, 'OP Financial Group');
  await page.getByText(`Step 3 of ${steps}: software statement signed with the QSEAL`).waitFor();
  await accessible(page, 'a registration that runs');
  await shoot(page, 'wizard-running');
  state = { status: 'waiting_for_bank', message: 'OP has trouble of its own' };
  await page.getByRole('button', { name: 'Ask the bank again now' }).waitFor();
  await accessible(page, 'a registration that waits');
  await shoot(page, 'wizard-waiting');
  await context.close();
});

test('a phone and the dark scheme show every registration', async () => {
  const { page, context } = await visit({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await signIn(page);
  const fits = async (name) => {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    assert.equal(wide, false, `nothing of ${name} reaches beyond the screen`);
    await accessible(page, `${name} on a phone, dark`);
    await shoot(page, `phone-${name}`);
  };
  await page.getByRole('button', { name: 'More' }).click();
  await fits('navigation');
  await page.getByRole('link', { name: 'Registrations', exact: true }).click();
  await page.getByRole('link', { name: 'OP Financial Group' }).waitFor();
  await fits('registrations');
  await page.getByLabel(/Needs attention only/).check();
  await page.getByRole('heading', { name: 'Nothing needs attention.' }).waitFor();
  assert.match(page.url(), /attention=true/);
  await page.getByLabel(/Needs attention only/).uncheck();
  await page.getByRole('link', { name: 'OP Financial Group' }).click();
  await page.getByText(`All ${steps} steps are done.`).waitFor();
  await fits('wizard');
  const row = page.getByRole('listitem').filter({ hasText: 'client registered over mutual TLS' });
  await row.getByText('What was said to the bank').click();
  await row.locator('details details summary').last().click();
  await row.getByRole('region', { name: 'Answer: body' }).scrollIntoViewIfNeeded();
  await fits('exchange');
  await page.getByRole('heading', { name: 'End the registration' }).scrollIntoViewIfNeeded();
  await fits('files');
  await context.close();
});

test('no secret is in the output', () => {
  assert.doesNotMatch(stack.output(), /op-simulator-key|correct horse/);
});
