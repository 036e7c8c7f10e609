import { answer, problem } from '../testing/platform';
import { act, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from '../testing/app';

const account = {
  id: 'acc_1',
  bankName: 'Model Bank',
  name: 'Everyday',
  currency: 'GBP',
  identifiers: [],
};
const connection = {
  id: 'con_1',
  bank: 'model-bank-uk',
  bankName: 'Model Bank',
  status: 'active',
  accounts: 1,
  permissions: [],
  created: '2026-01-01T00:00:00Z',
};
const key = { id: 'key_1', name: 'backup', hint: 'opk_abc', created: '2026-01-01T00:00:00Z' };
const transaction = {
  id: 'tx_1',
  account: 'acc_1',
  status: 'booked',
  amount: { amount: '-3.50', currency: 'GBP' },
  information: 'Coffee',
  firstSeen: '2026-01-01T00:00:00Z',
};
const unavailable = () => problem(503, 'unavailable');

it.each([
  { address: '/', list: 'accounts', item: account, shown: 'Everyday' },
  { address: '/connections', list: 'connections', item: connection, shown: 'Active' },
  { address: '/transactions', list: 'transactions', item: transaction, shown: 'Coffee' },
  { address: '/settings', list: 'api-keys', key: 'keys', item: key, shown: 'backup' },
])(
  '$address keeps what it showed when reading it again fails',
  async ({ address, list, key, item, shown }) => {
    answer(`GET /api/v1/${list}`, () => ({ items: [item] }));
    const { client } = open(address);
    await screen.findByText(shown);
    answer(`GET /api/v1/${list}`, unavailable);
    await client.invalidateQueries({ queryKey: [key ?? list] });
    expect(await screen.findByText(/may be out of date/)).toBeTruthy();
    expect(screen.getByText(shown)).toBeTruthy();
    expect(screen.queryByRole('alert')).toBeNull();

    answer(`GET /api/v1/${list}`, () => ({ items: [item] }));
    screen.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(() => screen.queryByText(/may be out of date/)).toBeNull();
  },
);

it('keeps the page when who is signed in cannot be asked again', async () => {
  const { client } = open('/connections');
  await screen.findByText('No connections yet.');
  answer('GET /api/v1/me', unavailable);
  await act(async () => {
    await client.invalidateQueries({ queryKey: ['me'] });
    await new Promise((resolve) => setTimeout(resolve, 20)); // the cache tells its readers in a task of its own
  });
  expect(client.getQueryState(['me'])?.status).toBe('error');
  expect(screen.getByText('No connections yet.')).toBeTruthy();
});
