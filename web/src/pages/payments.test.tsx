import { answer, down, headersOf, problem, sent } from '../testing/platform';
import { act, fireEvent, screen, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { applyEvent } from '../api/events';
import type { Payment } from '../api/client';
import { open } from '../testing/app';
import { payment } from '../testing/payment';
import { bank } from '../testing/registration';

const press = (name: string | RegExp) => act(() => screen.getByRole('button', { name }).click());
const type = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const payingBank = { ...bank('op', { status: 'registered' }), offers: ['accounts', 'payments'] };

it.each([
  ['awaiting_authorisation', 'Waiting for you at the bank'],
  ['authorised', 'Authorised, on its way to the bank'],
  ['pending', 'The bank works on it'],
  ['accepted', 'Accepted by the bank'],
  ['completed', 'Completed'],
  ['rejected', 'Rejected'],
  ['cancelled', 'Cancelled'],
] as const)('a payment that is %s says: %s', async (status, words) => {
  answer('GET /api/v1/payments', () => ({ items: [payment('pay_1', { status })] }));
  open('/payments');
  const row = await screen.findByRole('link', { name: /Nordlicht/ });
  expect(within(row).getByText(words)).toBeTruthy();
  expect(within(row).getByText('€12.50')).toBeTruthy();
  expect(within(row).getByText(/^OP Financial Group ·/)).toBeTruthy();
});

it('says that there is none, and how to make one', async () => {
  open('/payments');
  expect(await screen.findByText('No payments yet.')).toBeTruthy();
});

it('follows the events', async () => {
  const { client } = open('/payments');
  await screen.findByText('No payments yet.');
  answer('GET /api/v1/payments', () => ({ items: [payment('pay_1')] }));
  act(() => applyEvent(client, 'payment.created', '{"subject":"pay_1"}'));
  expect(await screen.findByText('Nordlicht')).toBeTruthy();
});

it('shows everything of one, with the way on and why it failed', async () => {
  answer('GET /api/v1/payments/pay_1', () =>
    payment('pay_1', {
      information: 'Invoice 7',
      debtor: { scheme: 'IBAN', value: 'FI2112345600000785' },
      redirect: 'https://bank.example/go',
      bankStatus: 'AWAU',
      message: 'the account is closed',
    }),
  );
  open('/payments/pay_1');
  expect(await screen.findByText('Invoice 7')).toBeTruthy();
  expect(screen.getAllByText('FI21 1234 5600 0007 85')).toHaveLength(2);
  expect(screen.getByText('AWAU')).toBeTruthy();
  expect(screen.getByText('the account is closed')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Continue at the bank' }).getAttribute('href')).toBe(
    'https://bank.example/go',
  );
});

it('needs a bank that pays and that is registered', async () => {
  answer('GET /api/v1/banks', () => ({
    items: [bank('a', { status: 'registered' }), { ...payingBank, ...bank('b'), offers: ['payments'] }],
  }));
  open('/payments/new');
  expect(await screen.findByText('No bank to pay from.')).toBeTruthy();
});

async function typed() {
  answer('GET /api/v1/banks', () => ({ items: [payingBank] }));
  const app = open('/payments/new');
  await screen.findByLabelText('Amount');
  type('Amount', '12,5');
  type('Payee', 'Nordlicht');
  type('IBAN of the payee', 'fi21 1234 5600 0007 85');
  type('Text for the payee', 'Invoice 7');
  return app;
}

it('says at each field what is wrong, and goes to the first', async () => {
  answer('GET /api/v1/banks', () => ({ items: [payingBank] }));
  open('/payments/new');
  await screen.findByLabelText('Amount');
  press('Check');
  expect(screen.getByText('Must be above zero, such as 12.50.')).toBeTruthy();
  expect(screen.getByText('Say who is paid.')).toBeTruthy();
  expect(screen.getByText('Say where the money goes.')).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText('Amount'));
  type('Amount', '1.005');
  expect(screen.getByText('Has more decimals than EUR.')).toBeTruthy();
});

it('looks at the check digits of an IBAN as it is typed', async () => {
  answer('GET /api/v1/banks', () => ({ items: [payingBank] }));
  open('/payments/new');
  const iban = await screen.findByLabelText('IBAN of the payee');
  type('IBAN of the payee', 'FI21 1234');
  expect(screen.queryByText(/This is no IBAN/)).toBeNull();
  type('IBAN of the payee', 'FI21 1234 5600 0007 85');
  expect(screen.getByText('The check digits are right.')).toBeTruthy();
  type('IBAN of the payee', 'FI21 1234 5600 0007 86');
  fireEvent.blur(iban);
  expect(screen.getByText(/This is no IBAN/)).toBeTruthy();
});

it('a SEPA payment is in euro; another takes its own currency and a BIC', async () => {
  await typed();
  expect(screen.getByLabelText<HTMLInputElement>('Currency').readOnly).toBe(true);
  fireEvent.change(screen.getByLabelText('How it travels'), { target: { value: 'international' } });
  type('Currency', 'usd');
  type('BIC of the payee’s bank', 'okoyfihh');
  act(() => screen.getByLabelText('A reference').click());
  type('Reference', 'RF18');
  press('Check');
  answer('POST /api/v1/payments', () => payment('pay_1', { status: 'rejected' }));
  press('Authorise at Bank op');
  await vi.waitFor(() => expect(sent('POST /api/v1/payments')).toHaveLength(1));
  expect(sent('POST /api/v1/payments')).toMatchObject([
    {
      scheme: 'international',
      amount: { amount: '12.5', currency: 'USD' },
      creditor: { agent: 'OKOYFIHH' },
      reference: 'RF18',
    },
  ]);
});

it('shows amount and payee, then pays once with one key, however often it is pressed', async () => {
  const { router } = await typed();
  press('Check');
  expect(screen.getByRole('heading', { name: 'Is this right?' })).toBe(document.activeElement);
  expect(screen.getByText('to Nordlicht')).toBeTruthy();
  expect(screen.getByText('FI21 1234 5600 0007 85')).toBeTruthy();
  expect(sent('POST /api/v1/payments')).toHaveLength(0);
  answer('POST /api/v1/payments', () => payment('pay_1', { status: 'pending' }));
  answer('GET /api/v1/payments/pay_1', () => payment('pay_1', { status: 'completed' }));
  const go = screen.getByRole('button', { name: 'Authorise at Bank op' });
  act(() => {
    go.click();
    go.click();
  });
  await expect.poll(() => router.state.location.pathname).toBe('/payments/pay_1');
  const keys = headersOf('POST /api/v1/payments').map((h) => h.get('Idempotency-Key'));
  expect(new Set(keys).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(sent('POST /api/v1/payments')[0]).toEqual({
    bank: 'op',
    scheme: 'sepa',
    amount: { amount: '12.5', currency: 'EUR' },
    creditor: { name: 'Nordlicht', identifier: { scheme: 'IBAN', value: 'FI2112345600000785' } },
    information: 'Invoice 7',
  });
});

it('after silence the same key asks again; what is changed gets another', async () => {
  await typed();
  press('Check');
  answer('POST /api/v1/payments', () => down());
  press('Authorise at Bank op');
  expect(await screen.findByText(/does not answer/)).toBeTruthy();
  press('Authorise at Bank op');
  await vi.waitFor(() => expect(sent('POST /api/v1/payments')).toHaveLength(2));
  await screen.findByText(/does not answer/);
  press('Change it');
  expect(screen.getByLabelText<HTMLInputElement>('Amount').value).toBe('12,5');
  type('Amount', '13');
  press('Check');
  press('Authorise at Bank op');
  await vi.waitFor(() => expect(sent('POST /api/v1/payments')).toHaveLength(3));
  const [first, second, third] = headersOf('POST /api/v1/payments').map((h) => h.get('Idempotency-Key'));
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

it('what the platform refuses is told at its field', async () => {
  await typed();
  press('Check');
  answer('POST /api/v1/payments', () =>
    Response.json(
      {
        type: '/problems/invalid',
        title: 'Not valid',
        status: 422,
        code: 'invalid',
        fields: [{ name: 'creditor.name', message: 'must have 1 to 70 characters' }],
      },
      { status: 422 },
    ),
  );
  press('Authorise at Bank op');
  expect(await screen.findByText('must have 1 to 70 characters')).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText('Payee'));
  press('Check');
  expect(screen.getByRole('heading', { name: 'Is this right?' })).toBeTruthy();
});

const back = { state: 'p.abc', code: 'secret-code' };

it.each([
  ['completed', undefined, 'Completed'],
  ['rejected', 'too little money', 'Rejected'],
  ['cancelled', 'you did not agree at the bank', 'Cancelled'],
] as const)('a payment comes back %s, and is followed until then', async (status, message, words) => {
  let now: Payment = payment('pay_1', { status: 'authorised' });
  answer('POST /api/v1/payments/callback', () => now);
  answer('GET /api/v1/payments/pay_1', () => now);
  open('/callback', back);
  expect(await screen.findByText('Authorised, on its way to the bank')).toBeTruthy();
  now = payment('pay_1', { status, ...(message && { message }) });
  expect(await screen.findByText(words, undefined, { timeout: 4000 })).toBeTruthy();
  if (message) {
    expect(screen.getByText(message)).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Pay again' })).toBeTruthy();
  }
  expect(sent('POST /api/v1/payments/callback')).toEqual([{ params: back }]);
  expect(sent('POST /api/v1/callback')).toHaveLength(0);
});

it('a payment that another user began asks for that user', async () => {
  answer('GET /api/v1/me', () => ({ setupNeeded: false, signedIn: false }));
  answer('POST /api/v1/payments/callback', () => problem(403, 'forbidden'));
  open('/callback', back);
  expect(await screen.findByText(/who started this payment/)).toBeTruthy();
});

it('a return that was used leads to the payments', async () => {
  answer('POST /api/v1/payments/callback', () => problem(409, 'conflict', 'used already'));
  open('/callback', back);
  expect(await screen.findByText('used already')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'All payments' })).toBeTruthy();
});
