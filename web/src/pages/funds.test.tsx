import { answer, problem, sent } from '../testing/platform';
import { act, fireEvent, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { open } from '../testing/app';
import { connection } from '../testing/payment';
import { bank } from '../testing/registration';

const press = (name: string | RegExp) => act(() => screen.getByRole('button', { name }).click());
const type = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
const op = { ...bank('op', { status: 'registered' }), offers: ['accounts', 'funds'] };

it('asks for funds where the bank offers it', async () => {
  answer('GET /api/v1/banks', () => ({ items: [op] }));
  answer('POST /api/v1/connections', () => connection('con_1', { purpose: 'funds' }));
  open('/connect?bank=op');
  await screen.findByText('For how long?');
  act(() => screen.getByLabelText('Confirm funds').click());
  expect(screen.getByRole('heading', { name: 'What Bank op will answer' })).toBeTruthy();
  expect(screen.queryByText('For how long?')).toBeNull();
  type('IBAN to ask about', 'FI21 0000');
  press('Go to Bank op');
  type('IBAN to ask about', 'FI21 1234 5600 0007 85');
  press('Go to Bank op');
  await vi.waitFor(() =>
    expect(sent('POST /api/v1/connections')).toEqual([
      { bank: 'op', purpose: 'funds', account: 'FI2112345600000785' },
    ]),
  );
});

it('a bank without it offers no choice', async () => {
  answer('GET /api/v1/banks', () => ({ items: [{ ...op, offers: ['accounts'] }] }));
  open('/connect?bank=op');
  await screen.findByText('For how long?');
  expect(screen.queryByText('What for?')).toBeNull();
});

it.each([
  [true, 'Yes, €100.00 is available.'],
  [false, 'No, €100.00 is not available.'],
])('a connection for funds answers %s, and reads no accounts', async (available, words) => {
  answer('GET /api/v1/connections', () => ({ items: [connection('con_1', { purpose: 'funds' })] }));
  const amount = { amount: '100.00', currency: 'EUR' };
  answer('POST /api/v1/connections/con_1/funds', () => ({ available, amount, at: '2026-11-21T08:00:00Z' }));
  open('/connections');
  expect(await screen.findByText('Confirms funds')).toBeTruthy();
  expect(screen.queryByText(/Not read yet/)).toBeNull();
  expect(screen.queryByRole('button', { name: 'Read now' })).toBeNull();
  type('Amount', '100,00');
  press('Ask OP Financial Group');
  expect(await screen.findByText(words)).toBeTruthy();
  expect(sent('POST /api/v1/connections/con_1/funds')).toEqual([{ amount }]);
});

it('says what is wrong with the amount, and what the bank refused', async () => {
  answer('GET /api/v1/connections', () => ({ items: [connection('con_1', { purpose: 'funds' })] }));
  open('/connections');
  await screen.findByText('Confirms funds');
  press('Ask OP Financial Group');
  expect(screen.getByText('Must be above zero, such as 12.50.')).toBeTruthy();
  answer('POST /api/v1/connections/con_1/funds', () => problem(502, 'bank_error', 'OP has trouble'));
  type('Amount', '5');
  press('Ask OP Financial Group');
  expect(await screen.findByText('OP has trouble')).toBeTruthy();
});

it('a connection for funds that has ended asks nothing', async () => {
  answer('GET /api/v1/connections', () => ({
    items: [connection('con_1', { purpose: 'funds', status: 'revoked' })],
  }));
  open('/connections');
  expect(await screen.findByText('Confirms funds')).toBeTruthy();
  expect(screen.queryByLabelText('Amount')).toBeNull();
});

it('a connection for funds comes back from the bank and reads nothing', async () => {
  answer('POST /api/v1/callback', () => connection('con_1', { purpose: 'funds' }));
  open('/callback', { state: 'abc', code: 'x' });
  expect(await screen.findByText(/now answers whether the account holds/)).toBeTruthy();
});
