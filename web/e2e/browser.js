import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { startStack } from './stack.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.SCREENSHOTS;
export const owner = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'correct horse battery' };

export let stack;
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
export async function visit(options = {}) {
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
export async function accessible(page, name) {
  const findings = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'] });
    return result.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
  });
  assert.deepEqual(findings, [], `accessibility of ${name}`);
}

export async function shoot(page, name) {
  if (shots) {
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: false });
  }
}

export async function signIn(page) {
  await page.goto(stack.url);
  await page.getByLabel('E-mail address').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
}

/** Nothing reaches beyond the screen, axe is content, and there is a picture of it. */
export async function fits(page, name) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.equal(wide, false, `nothing of ${name} reaches beyond the screen`);
  await accessible(page, `${name} on a phone, dark`);
  await shoot(page, `phone-${name}`);
}

/** Registers at a bank through its wizard. */
export async function registerAt(page, bank) {
  await page.goto(`${stack.url}/registrations`);
  await page.getByRole('link', { name: bank }).click();
  await page.getByRole('button', { name: `Register at ${bank}` }).click();
  await page.getByText(/^All \d+ steps are done\.$/).waitFor();
}

/** The user at a bank's login page. */
export async function logInAtBank(page, login) {
  await page.getByLabel('User name').fill(login);
  await page.getByLabel('Password').fill('onepoint-demo');
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** A call of the API from outside a browser. */
export async function post(path, body, headers) {
  const answer = await fetch(new URL(`/api/v1/${path}`, stack.url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Onepoint-CSRF': '1', ...headers },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer;
}
