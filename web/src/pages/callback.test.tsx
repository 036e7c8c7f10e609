import { answer, down, nobody, owner, problem, sent } from '../testing/platform';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { open } from '../testing/app';

const params = { code: 'c', state: 's' };
const sync = {
  id: 'syn_1',
  connection: 'con_1',
  state: 'running',
  started: '2026-01-01T00:00:00Z',
  accountsTotal: 2,
  accountsDone: 1,
  seen: 10,
  added: 10,
  updated: 0,
};
const connection = {
  id: 'con_1',
  bank: 'model-bank-uk',
  bankName: 'Model Bank UK',
  status: 'active',
  accounts: 0,
  permissions: [],
  created: '2026-01-01T00:00:00Z',
};
const done = { ...sync, state: 'complete', accountsDone: 2, seen: 40 };

it('finishes once for the signed-in user', async () => {
  answer('POST /api/v1/callback', () => ({ ...connection, sync: done }));
  const { router } = open('/callback', params);
  expect(await screen.findByRole('heading', { name: 'Connected' })).toBeTruthy();
  expect(screen.getByText('2 accounts and 40 transactions are in your ledger.')).toBeTruthy();
  expect(sent('POST /api/v1/callback')).toEqual([{ params }]);

  await router.navigate({ to: '/connections' });
  await router.navigate({ to: '/callback' });
  expect(await screen.findByRole('heading', { name: 'Nothing to finish here' })).toBeTruthy();
  expect(sent('POST /api/v1/callback')).toHaveLength(1);
});

it('finishes for a browser that is not signed in, when the API allows it', async () => {
  answer('GET /api/v1/me', () => nobody);
  answer('POST /api/v1/callback', () => connection);
  open('/callback', params);
  expect(await screen.findByRole('heading', { name: 'Connected' })).toBeTruthy();
  expect(screen.getByText(/Model Bank UK is connected/)).toBeTruthy();
  expect(screen.queryByRole('navigation')).toBeNull();
  expect(sent('GET /api/v1/connections/con_1')).toHaveLength(0);
});

it('asks to sign in when the API does, and then finishes with what the bank sent', async () => {
  answer('GET /api/v1/me', () => nobody);
  answer('POST /api/v1/callback', () => problem(403, 'forbidden'));
  answer('POST /api/v1/session', () => {
    answer('POST /api/v1/callback', () => ({ ...connection, sync: done }));
    return owner;
  });
  open('/callback', params);
  fireEvent.change(await screen.findByLabelText('E-mail address'), { target: { value: 'ada@example.org' } });
  fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'correct horse battery' } });
  expect(screen.getByText(/started this connection/)).toBeTruthy();
  screen.getByRole('button', { name: 'Sign in' }).click();
  expect(await screen.findByRole('heading', { name: 'Connected' })).toBeTruthy();
  expect(sent('POST /api/v1/callback')).toEqual([{ params }, { params }]);
});

it('can be asked again when nothing answered', async () => {
  answer('POST /api/v1/callback', down);
  open('/callback', params);
  const again = await screen.findByRole('button', { name: 'Try again' });
  answer('POST /api/v1/callback', () => ({ ...connection, sync: done }));
  again.click();
  expect(await screen.findByRole('heading', { name: 'Connected' })).toBeTruthy();
});

it('says why it failed, and offers a new start', async () => {
  answer('POST /api/v1/callback', () => problem(422, 'invalid', 'Start again.'));
  open('/callback', params);
  expect((await screen.findByRole('alert')).textContent).toContain('Start again.');
  expect(screen.getByRole('link', { name: 'Try again' }).getAttribute('href')).toBe('/connect');
});

it.each([
  ['signed in', owner],
  ['not signed in', nobody],
])('has nothing to finish after a reload, %s', async (_, me) => {
  answer('GET /api/v1/me', () => me);
  open('/callback');
  expect(await screen.findByRole('heading', { name: 'Nothing to finish here' })).toBeTruthy();
  expect(screen.getByRole('link', { name: 'See your connections' }).getAttribute('href')).toBe(
    '/connections',
  );
  expect(sent('POST /api/v1/callback')).toHaveLength(0);
});

it('ends without any event, by asking every two seconds', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  try {
    answer('POST /api/v1/callback', () => connection);
    answer('GET /api/v1/connections/con_1', () => ({ ...connection, sync }));
    const { client } = open('/callback', params);
    expect(await screen.findByText('1 of 2 accounts, 10 transactions')).toBeTruthy();
    // The stream was cut in the middle: its last word is older than what is asked.
    client.setQueryData(['sync', 'con_1'], sync);
    answer('GET /api/v1/connections/con_1', () => ({ ...connection, sync: done }));
    await vi.advanceTimersByTimeAsync(2100);
    expect(await screen.findByRole('heading', { name: 'Connected' })).toBeTruthy();
    await waitFor(() => expect(screen.getByText(/40 transactions/)).toBeTruthy());
    const asked = sent('GET /api/v1/connections/con_1').length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent('GET /api/v1/connections/con_1')).toHaveLength(asked);
  } finally {
    vi.useRealTimers();
  }
});
