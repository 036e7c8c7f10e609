import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, owner, post, shoot, signIn, stack, visit } from './browser.js';
import { freshCode } from './codes.js';

async function toTheBank(page) {
  await page.getByRole('link', { name: 'Connect a bank' }).first().click();
  await page.getByRole('button', { name: 'Continue with Model Bank UK' }).click();
  await page.getByRole('button', { name: 'Go to Model Bank UK' }).click();
  await page.getByRole('heading', { name: 'Log in to continue' }).waitFor();
}

async function logIn(page, login, password = 'onepoint-demo') {
  await page.getByLabel('User name').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Logs in at the bank with both factors. */
async function logInFully(page, login) {
  await logIn(page, login);
  await page.getByLabel('Code from your authenticator app').fill(await freshCode(login));
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
}

test('the first visit makes the owner, and says what is wrong with the form', async () => {
  const { page, context, faults } = await visit();
  await page.goto(stack.url);
  await page.getByRole('heading', { name: 'Make this ledger yours' }).waitFor();
  await page.getByLabel('Your name').fill(owner.name);
  await page.getByLabel('E-mail address').fill(owner.email);
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Create the owner' }).click();
  await page.getByText('must be 12 to 256 characters').waitFor();
  await accessible(page, 'setup');
  await shoot(page, 'setup');
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Create the owner' }).click();
  await page.getByRole('heading', { name: 'No bank connected yet' }).waitFor();
  await accessible(page, 'empty overview');
  await shoot(page, 'empty');
  const cookie = (await context.cookies()).find((c) => c.name === 'onepoint_session');
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Lax');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a wrong password is refused', async () => {
  const { page, context } = await visit();
  await page.goto(stack.url);
  await page.getByLabel('E-mail address').fill(owner.email);
  await page.getByLabel('Password').fill('wrong horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('e-mail address or password is wrong').waitFor();
  await accessible(page, 'sign in');
  await context.close();
});

test('connecting a bank brings its accounts, balances and transactions', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Connect a bank' }).first().click();
  await page.getByRole('button', { name: 'Continue with Model Bank UK' }).waitFor();
  await accessible(page, 'bank list');
  await shoot(page, 'banks');
  await page.getByRole('button', { name: 'Continue with Model Bank UK' }).click();
  await page.getByRole('heading', { name: 'What Model Bank UK will share' }).waitFor();
  await accessible(page, 'consent summary');
  await shoot(page, 'consent-summary');
  await page.getByRole('button', { name: 'Go to Model Bank UK' }).click();

  await page.getByRole('heading', { name: 'Log in to continue' }).waitFor();
  await accessible(page, 'the bank’s login');
  await shoot(page, 'bank-login');
  await logIn(page, 'alice', 'wrong');
  await page.getByRole('alert').waitFor();
  await logIn(page, 'alice');
  await page.getByRole('heading', { name: 'Confirm it is you' }).waitFor();
  await accessible(page, 'the bank’s second factor');
  await shoot(page, 'bank-factor');
  await page.getByLabel('Code from your authenticator app').fill(await freshCode('alice'));
  await page.getByRole('button', { name: 'Confirm', exact: true }).click();
  await page.getByRole('heading', { name: 'Share with One Point Ledger?' }).waitFor();
  await accessible(page, 'the bank’s consent page');
  await shoot(page, 'bank-consent');
  await page.getByRole('button', { name: 'Allow' }).click();

  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  assert.equal(
    new URL(page.url()).hash + new URL(page.url()).search,
    '',
    'the code is gone from the address',
  );
  await accessible(page, 'callback');
  await shoot(page, 'callback');
  await page.getByRole('link', { name: 'See your accounts' }).click();
  await page.getByRole('link', { name: /Everyday/ }).waitFor();
  await page.getByRole('link', { name: /Rainy day/ }).waitFor();
  await accessible(page, 'overview');
  await shoot(page, 'overview');

  await page.getByRole('link', { name: /Everyday/ }).click();
  await page.getByRole('heading', { name: 'Transactions', level: 1 }).waitFor();
  await page.getByText('Pret A Manger').first().waitFor();
  await accessible(page, 'transactions');
  await shoot(page, 'transactions');
  await page.getByRole('searchbox').fill('pret');
  await page.waitForFunction(
    () => !document.body.innerText.includes('Lidl') && document.body.innerText.includes('Pret'),
  );
  const twins = page.locator('section').filter({ has: page.getByRole('button', { name: /Pret A Manger/ }) });
  const counts = await twins.evaluateAll((days) => days.map((d) => d.querySelectorAll('li').length));
  assert.ok(Math.max(...counts) >= 2, 'two identical coffees of one day are both there');
  await page
    .getByRole('button', { name: /Pret A Manger/ })
    .first()
    .click();
  await page.getByRole('dialog').waitFor();
  await accessible(page, 'transaction details');
  await shoot(page, 'details');
  await page.keyboard.press('Escape');
  await page.getByRole('searchbox').fill('no such words');
  await page.getByText('Nothing matches.').waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Load more' }).click();
  await page.waitForFunction(() => document.querySelectorAll('main li').length > 60);
  assert.deepEqual(faults, []);
  await context.close();
});

test('refusing at the bank leads back with a way forward', async () => {
  const { page, context } = await visit();
  await signIn(page);
  await toTheBank(page);
  await logInFully(page, 'bob');
  await page.getByRole('button', { name: 'Refuse' }).click();
  await page.getByRole('heading', { name: 'Not connected' }).waitFor();
  await accessible(page, 'refusal');
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'What Model Bank UK will share' }).waitFor();
  await context.close();
});

test('the keyboard is enough to connect a bank', async () => {
  const { page, context } = await visit();
  await signIn(page);
  const press = async (role, name) => {
    const target = page.getByRole(role, { name }).first();
    await target.waitFor();
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      if (await target.evaluate((el) => el === document.activeElement)) {
        await page.keyboard.press('Enter');
        return;
      }
    }
    assert.fail(`Tab does not reach ${name}`);
  };
  await press('link', 'Connect a bank');
  await press('button', 'Continue with Model Bank UK');
  await press('button', 'Go to Model Bank UK');
  await page.getByRole('heading', { name: 'Log in to continue' }).waitFor();
  await page.keyboard.type('carol');
  await page.keyboard.press('Tab');
  await page.keyboard.type('onepoint-demo');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Confirm it is you' }).waitFor();
  await page.keyboard.type(await freshCode('carol')); // the field has the focus
  await page.keyboard.press('Enter');
  await press('button', 'Allow');
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  await press('link', 'See your accounts');
  await page
    .getByRole('link', { name: /Rainy day|Savings|Credit/i })
    .first()
    .waitFor();
  await context.close();
});

test('connections can be read again and ended', async () => {
  const { page, context } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Connections' }).click();
  await page.getByRole('button', { name: 'Read now' }).first().waitFor();
  await accessible(page, 'connections');
  await shoot(page, 'connections');
  await page.getByRole('button', { name: 'Read now' }).first().click();
  await page.getByRole('button', { name: 'End' }).first().click();
  await page.getByRole('alertdialog').waitFor();
  await accessible(page, 'ending a connection');
  await page.getByRole('button', { name: 'End it' }).click();
  await page.getByText('Ended', { exact: true }).waitFor();
  await context.close();
});

test('an API key is shown once, and deleted after a confirmation', async () => {
  const { page, context } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('What is it for?').fill('backup script');
  await page.getByRole('button', { name: 'Create a key' }).click();
  await page.getByText(/^opk_[\w-]{40,}$/).waitFor();
  await accessible(page, 'settings');
  await shoot(page, 'settings');
  await page.reload();
  await page.getByText('backup script').waitFor();
  assert.equal(await page.getByText(/^opk_[\w-]{40,}$/).count(), 0);
  await page.getByRole('button', { name: 'Delete: backup script' }).click();
  await page.getByRole('alertdialog', { name: 'Delete the key backup script?' }).waitFor();
  await accessible(page, 'deleting a key');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Delete: backup script' }).click();
  await page.getByRole('button', { name: 'Delete it' }).click();
  await page.getByText('backup script').waitFor({ state: 'detached' });
  await context.close();
});

test('a phone and the dark scheme show everything', async () => {
  const { page, context } = await visit({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await signIn(page);
  await page.getByRole('link', { name: /Everyday/ }).waitFor();
  await accessible(page, 'overview on a phone, dark');
  await shoot(page, 'phone-overview');
  await page.getByRole('link', { name: 'Transactions' }).click();
  await page.getByText('Pret A Manger').first().waitFor();
  await accessible(page, 'transactions on a phone, dark');
  await shoot(page, 'phone-transactions');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false, 'nothing reaches beyond the screen');
  await context.close();
});

async function ownersCookie() {
  const answer = await post('session', { email: owner.email, password: owner.password });
  return { Cookie: answer.headers.getSetCookie()[0].split(';')[0] };
}

/** A new connection to the model bank: the address at the bank where it goes on. */
async function begin(headers) {
  return (await (await post('connections', { bank: 'model-bank-uk' }, headers)).json()).redirect;
}

/** Nothing of a bank's answer is left where others could read it. */
async function forgotten(page) {
  const left = await page.evaluate(() =>
    JSON.stringify([window.location.href, { ...window.sessionStorage }, { ...window.localStorage }]),
  );
  assert.match(left, /\/callback"/);
  assert.doesNotMatch(left, /code|state=|id_token/, 'what the bank sent is in memory only');
}

test('a return from the bank waits for its user to sign in', async () => {
  const redirect = await begin(await ownersCookie());
  const { page, context, faults } = await visit();
  await page.goto(redirect);
  await logInFully(page, 'bob');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByText('Sign in as the user who started this connection').waitFor();
  await forgotten(page);
  await accessible(page, 'sign in to finish');
  await page.getByLabel('E-mail address').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  await forgotten(page);
  await page.reload();
  await page.getByRole('heading', { name: 'Nothing to finish here' }).waitFor();
  await accessible(page, 'nothing to finish');
  await page.getByRole('link', { name: 'See your connections' }).click();
  await page.getByRole('heading', { name: 'Connections', level: 1 }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
});

test('what a program began is finished in a browser that is not signed in', async () => {
  const { key } = await (await post('api-keys', { name: 'program' }, await ownersCookie())).json();
  const redirect = await begin({ Authorization: `Bearer ${key}` });
  const { page, context, faults } = await visit();
  await page.goto(redirect);
  await logInFully(page, 'bob');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  await forgotten(page);
  await accessible(page, 'connected, not signed in');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a cut event stream does not keep the user waiting', async () => {
  const { page, context } = await visit();
  await context.route('**/api/v1/events', (route) => route.abort());
  await signIn(page);
  await toTheBank(page);
  await logInFully(page, 'bob');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Connected' }).waitFor();
  await context.close();
});

test('no secret is in the output', () => {
  assert.doesNotMatch(
    stack.output(),
    /opk_|at_[\w-]{20}|rt_[\w-]{20}|correct horse/,
    'no secret in the output',
  );
});
