import { answer, problem } from '../testing/platform';
import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { Registration } from '../api/client';
import { open } from '../testing/app';
import { bank, inDays, steps } from '../testing/registration';

const good = { name: 'qwac', status: 'ok', message: 'good for 364 days', notAfter: inDays(364) } as const;

async function row(name: string) {
  const link = await screen.findByRole('link', { name });
  return within(link.closest('li') as HTMLElement);
}

it.each<{ status: string; part: Partial<Registration>; shown: (string | RegExp)[] }>([
  { status: 'nothing begun', part: {}, shown: ['Not registered', '0 of 3 steps done'] },
  {
    status: 'running',
    part: { status: 'running', steps: steps(1, 'running'), updated: '2026-11-21T08:00:00Z' },
    shown: ['Registering…', '1 of 3 steps done', /^Updated /],
  },
  {
    status: 'waiting',
    part: { status: 'waiting_for_bank', message: 'the bank asks to wait' },
    shown: ['Waiting for the bank', 'the bank asks to wait'],
  },
  {
    status: 'a question',
    part: { status: 'needs_input', message: 'give its x-api-key' },
    shown: ['Needs your answer', 'give its x-api-key'],
  },
  {
    status: 'a failure',
    part: { status: 'failed', message: 'OP refused: no' },
    shown: ['Failed', 'OP refused: no'],
  },
  {
    status: 'a registration that works',
    part: {
      status: 'registered',
      steps: steps(3),
      clientId: 'cli_1',
      health: {
        status: 'ok',
        transport: good,
        seal: { ...good, name: 'qseal', notAfter: inDays(1) },
        credential: { group: 'op', holds: ['client secret'], status: 'ok' },
      },
    },
    shown: [
      'Registered',
      '3 of 3 steps done',
      'cli_1',
      'OK, 364 days left',
      'OK, 1 day left',
      'OK, no end date',
    ],
  },
  {
    status: 'what ends',
    part: {
      status: 'registered',
      steps: steps(3),
      health: {
        status: 'fail',
        message: 'signing certificate: expired on 2026-11-01',
        transport: { ...good, status: 'warn', message: 'ends in 12 days', notAfter: inDays(12) },
        seal: { ...good, status: 'fail', message: 'expired on 2026-11-01', notAfter: inDays(-20) },
      },
    },
    shown: [
      'Registered',
      'Attention, 12 days left',
      'Problem, ended',
      'None',
      'signing certificate: expired on 2026-11-01',
    ],
  },
])('shows $status at a glance', async ({ part, shown }) => {
  answer('GET /api/v1/banks', () => ({ items: [bank('a', part)] }));
  open('/registrations');
  const found = await row('Bank a');
  for (const text of shown) {
    expect(found.getByText(text)).toBeTruthy();
  }
  expect(found.getByRole('link').getAttribute('href')).toBe('/registrations/a');
});

it('shows only what needs attention, when asked to', async () => {
  const items = [
    bank('a'),
    bank('b', { status: 'failed' }),
    bank('c', { status: 'needs_input' }),
    bank('d', { status: 'registered', health: { status: 'warn', message: 'ends soon' } }),
    bank('e', { status: 'registered', health: { status: 'ok' } }),
    bank('f', { status: 'waiting_for_bank' }),
  ];
  answer('GET /api/v1/banks', () => ({ items }));
  const { router } = open('/registrations');
  (await screen.findByRole('checkbox', { name: 'Needs attention only (3)' })).click();
  await expect.poll(() => screen.queryByText('Bank a')).toBeNull();
  expect(screen.getAllByRole('heading', { level: 2 }).map((h) => h.textContent)).toEqual([
    'Bank b',
    'Bank c',
    'Bank d',
  ]);
  expect(router.state.location.search).toEqual({ attention: true });
  screen.getByRole('checkbox').click();
  expect(await screen.findByText('Bank a')).toBeTruthy();
});

it('says so when nothing needs attention', async () => {
  answer('GET /api/v1/banks', () => ({ items: [bank('a')] }));
  open('/registrations?attention=true');
  expect(await screen.findByText('Nothing needs attention.')).toBeTruthy();
});

it('says so when there are no banks', async () => {
  open('/registrations');
  expect(await screen.findByText('No banks yet.')).toBeTruthy();
});

it('says so when they cannot be read', async () => {
  answer('GET /api/v1/banks', () => problem(503, 'unavailable', 'The database is away.'));
  open('/registrations');
  expect((await screen.findByRole('alert')).textContent).toContain('The database is away.');
});
