import { answer, problem } from '../testing/platform';
import type { Registration } from '../api/client';
import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from '../testing/app';
import { bank as makeBank, registration } from '../testing/registration';

function bank(id: string, status: Registration['status'], message?: string) {
  return makeBank(id, { status, ...(message && { message }) });
}

const banks = [
  bank('a', 'needs_input', 'Enter the software statement.'),
  bank('b', 'failed', 'The bank refused the certificate.'),
  bank('c', 'registered'),
  bank('d', 'running'),
  bank('e', 'waiting_for_bank'),
  bank('f', 'not_registered'),
];

it('shows the registrations that need the user, and leads to their bank', async () => {
  answer('GET /api/v1/banks', () => ({ items: banks }));
  open('/');
  const needs = within(await screen.findByRole('region', { name: 'Needs you' }));
  expect(needs.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
    expect.stringContaining('Bank a: Enter the software statement.'),
    expect.stringContaining('Bank b: The bank refused the certificate.'),
  ]);
  answer('GET /api/v1/registrations/b', () => registration('b', { status: 'failed', steps: [] }));
  needs.getByRole('link', { name: 'See Bank b' }).click();
  expect(await screen.findByRole('heading', { name: 'Bank b', level: 1 })).toBeTruthy();
});

it('names registrations that stopped beside their banks, and leads to one that is chosen', async () => {
  answer('GET /api/v1/banks', () => ({ items: banks }));
  open('/connect?bank=b');
  expect(
    (await screen.findByRole('link', { name: 'See the registration at Bank b' })).getAttribute('href'),
  ).toBe('/registrations/b');
  expect(screen.queryByRole('heading', { name: 'Bank a' })).toBeNull();
  screen.getByRole('link', { name: 'Choose another bank' }).click();
  expect(await screen.findByRole('heading', { name: 'Bank a' })).toBeTruthy();
  expect(screen.getAllByText(/Registration stopped/)).toHaveLength(2);
  expect(screen.getByRole('link', { name: 'Register at Bank f' }).getAttribute('href')).toBe(
    '/registrations/f',
  );
});

it('shows connections that need a new consent beside them', async () => {
  answer('GET /api/v1/banks', () => ({ items: banks }));
  answer('GET /api/v1/connections', () => ({
    items: [
      {
        id: 'con_1',
        bank: 'c',
        bankName: 'Bank c',
        status: 'needs_reauthorisation',
        message: 'The permission has ended.',
        accounts: 1,
        permissions: [],
        created: '2026-01-01T00:00:00Z',
      },
    ],
  }));
  open('/');
  expect(await screen.findByText('Bank c: The permission has ended.')).toBeTruthy();
  expect(await screen.findByText('Bank b: The bank refused the certificate.')).toBeTruthy();
});

it('says so when it cannot find out what needs the user', async () => {
  answer('GET /api/v1/banks', () => problem(503, 'unavailable'));
  open('/');
  expect(await screen.findByText(/may be out of date/)).toBeTruthy();
});

it('says it once when nothing can be read', async () => {
  for (const list of ['accounts', 'banks', 'connections']) {
    answer(`GET /api/v1/${list}`, () => problem(503, 'unavailable'));
  }
  open('/');
  await screen.findByRole('alert');
  expect(screen.queryByText(/may be out of date/)).toBeNull();
});

it('shows nothing when nothing does', async () => {
  answer('GET /api/v1/banks', () => ({ items: banks.slice(2) }));
  open('/');
  await screen.findByText('No bank connected yet');
  expect(screen.queryByRole('region', { name: 'Needs you' })).toBeNull();
});
