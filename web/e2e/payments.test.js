import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fits, logInAtBank, owner, post, registerAt, shoot, signIn, visit } from './browser.js';

const bank = 'OP Financial Group';

test('the owner is made, and a bank registered at', async () => {
  await post('setup', owner);
  const { page, context } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await page.getByRole('heading', { name: 'No payments yet.' }).waitFor();
  await accessible(page, 'no payments');
  await registerAt(page, bank);
  await context.close();
});

async function order(page, amount) {
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await page.getByRole('link', { name: 'Pay', exact: true }).click();
  await page.getByLabel('Bank', { exact: true }).selectOption({ label: bank });
  await page.getByLabel('Amount', { exact: true }).fill(amount);
  await page.getByLabel('Payee', { exact: true }).fill('Nordlicht Energie');
  await page.getByLabel('IBAN of the payee').fill('FI21 1234 5600 0007 85');
  await page.getByLabel('Text for the payee').fill('Invoice 7');
}

test('a payment goes from the form through the bank’s pages to its end', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await page.getByRole('link', { name: 'Pay', exact: true }).click();
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('Say who is paid.').waitFor();
  await accessible(page, 'a payment form with faults');
  await shoot(page, 'pay-faults');
  await page.getByLabel('IBAN of the payee').fill('FI21 1234 5600 0007 86');
  await page.getByLabel('IBAN of the payee').blur();
  await page.getByText('This is no IBAN: a digit or letter is wrong.').waitFor();
  await order(page, '12,50');
  await page.getByText('The check digits are right.').waitFor();
  await accessible(page, 'a payment form');
  await shoot(page, 'pay-form');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await page.getByText('to Nordlicht Energie').waitFor();
  await accessible(page, 'a payment before it goes to the bank');
  await shoot(page, 'pay-confirm');
  const keys = [];
  page.on('request', (r) => r.method() === 'POST' && keys.push(r.headers()['idempotency-key']));
  await page.getByRole('button', { name: `Authorise at ${bank}` }).dblclick();
  await logInAtBank(page, 'bob');
  await page
    .getByText('€12.50')
    .or(page.getByText(/12[.,]50/))
    .first()
    .waitFor();
  await shoot(page, 'pay-bank');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByText('Completed', { exact: true }).waitFor();
  assert.equal(new Set(keys.filter(Boolean)).size, 1, 'a double click has one key');
  assert.equal(new URL(page.url()).hash + new URL(page.url()).search, '', 'the code is gone');
  await accessible(page, 'a payment that is completed');
  await shoot(page, 'pay-completed');
  await page.getByRole('link', { name: 'See the payment' }).click();
  await page.getByText('FI21 1234 5600 0007 85').waitFor();
  await page.getByText('Invoice 7').waitFor();
  await accessible(page, 'a payment');
  await shoot(page, 'payment');
  await page.getByRole('link', { name: 'All payments' }).click();
  await page.getByRole('link', { name: /Nordlicht Energie/ }).waitFor();
  assert.equal(await page.getByRole('link', { name: /Nordlicht Energie/ }).count(), 1, 'paid once');
  assert.deepEqual(faults, []);
  await context.close();
});

test('a payment that is refused at the bank says so', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await order(page, '7');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('button', { name: 'Change it' }).click();
  await page.getByLabel('Amount', { exact: true }).fill('8');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('€8', { exact: true }).waitFor();
  await page.getByRole('button', { name: `Authorise at ${bank}` }).click();
  await logInAtBank(page, 'bob');
  await page.getByRole('button', { name: 'Refuse' }).click();
  await page.getByText('Cancelled', { exact: true }).waitFor();
  await accessible(page, 'a payment that was refused');
  await shoot(page, 'pay-refused');
  await page.getByRole('link', { name: 'Pay again' }).click();
  await page.getByRole('heading', { name: 'Pay', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'All payments' }).click();
  await page.getByText('Cancelled').waitFor();
  await accessible(page, 'payments');
  await shoot(page, 'payments');
  assert.deepEqual(faults, []);
  await context.close();
});

test('the bank says yes and no to an amount', async () => {
  const { page, context, faults } = await visit();
  await signIn(page);
  await page.getByRole('link', { name: 'Connect a bank' }).first().click();
  await page.getByRole('button', { name: `Continue with ${bank}` }).click();
  await page.getByLabel('Confirm funds').check();
  await page.getByRole('heading', { name: `What ${bank} will answer` }).waitFor();
  await accessible(page, 'asking for funds');
  await shoot(page, 'funds-consent');
  await page.getByRole('button', { name: `Go to ${bank}` }).click();
  await logInAtBank(page, 'bob');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByText(/now answers whether the account holds/).waitFor();
  await page.getByRole('link', { name: 'See your connections' }).click();
  await page.getByText('Confirms funds').waitFor();
  await page.getByLabel('Amount', { exact: true }).fill('5');
  await page.getByRole('button', { name: `Ask ${bank}` }).click();
  await page.getByText('Yes, €5.00 is available.').waitFor();
  await accessible(page, 'funds that are there');
  await shoot(page, 'funds-yes');
  await page.getByLabel('Amount', { exact: true }).fill('9000000');
  await page.getByRole('button', { name: `Ask ${bank}` }).click();
  await page.getByText('No, €9,000,000.00 is not available.').waitFor();
  await shoot(page, 'funds-no');
  assert.equal(await page.getByRole('button', { name: 'Read now' }).count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test('a phone and the dark scheme pay, too', async () => {
  const { page, context } = await visit({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await signIn(page);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await page.getByText('Completed').waitFor();
  await fits(page, 'payments');
  await page.getByRole('link', { name: /Completed/ }).click();
  await page.getByText('Invoice 7').waitFor();
  await fits(page, 'payment');
  await page.getByRole('link', { name: 'All payments' }).click();
  await page.getByRole('link', { name: 'Pay', exact: true }).click();
  await page.getByLabel('Bank', { exact: true }).selectOption({ label: bank });
  await page.getByLabel('Amount', { exact: true }).fill('0');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText(/Must be above zero/).waitFor();
  await fits(page, 'pay-form');
  await page.getByLabel('Amount', { exact: true }).fill('1200.00');
  await page.getByLabel('Payee', { exact: true }).fill('Nordlicht Energie');
  await page.getByLabel('IBAN of the payee').fill('FI2112345600000785');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await fits(page, 'pay-confirm');
  await page.getByRole('link', { name: 'Connections' }).click();
  await page.getByText('Confirms funds').waitFor();
  await fits(page, 'funds');
  await context.close();
});
