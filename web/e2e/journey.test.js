import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { freshCode } from './codes.js';
import { startStack } from './stack.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.SCREENSHOTS;
const owner = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'correct horse battery' };

let stack;
let browser;

before(async () => {
  stack = await startStack();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});

after(async () => {
  await browser?.close();
  if (stack) {
    assert.equal(await stack.stop(), 0, 'onepoint stops cleanly');
  }
});

/** A browser of its own; the bank's certificate is the local test QTSP's. */
async function visit(options = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    bypassCSP: false,
    locale: 'en-GB',
    viewport: { width: 1100, height: 850 },
    reducedMotion: 'reduce',
    ...options,
  });
  // A page's own policy forbids foreign scripts; what the debugger brings is not one.
  await context.addInitScript({ content: axe });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = [];
  page.on('pageerror', (e) => faults.push(e.message));
  page.on(
    'console',
    (m) => m.type() === 'error' && /Content Security Policy/.test(m.text()) && faults.push(m.text()),
  );
  return { page, context, faults };
}

/** No serious or critical finding of axe on what is shown, as it is shown. */
async function accessible(page, name) {
  const findings = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] });
    return result.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
  });
  assert.deepEqual(findings, [], `accessibility of ${name}`);
}

async function shoot(page, name) {
  if (shots) {
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: false });
  }
}

async function signIn(page) {
  await page.goto(stack.url);
  await page.getByLabel('E-mail address').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
}

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

/** A call of the API from outside a browser. */
async function post(path, body, headers) {
  const answer = await fetch(new URL(`/api/v1/${path}`, stack.url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Onepoint-CSRF': '1', ...headers },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer;
}

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
