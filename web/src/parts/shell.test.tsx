import { answer, nobody } from '../testing/platform';
import { act, fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from '../testing/app';

it.each([
  ['/', 'Overview · One Point Ledger'],
  ['/connect', 'Connect a bank · One Point Ledger'],
  ['/callback', 'Back from your bank · One Point Ledger'],
  ['/transactions?q=tea', 'Transactions · One Point Ledger'],
  ['/connections', 'Connections · One Point Ledger'],
  ['/registrations', 'Registrations · One Point Ledger'],
  ['/registrations/op', 'Bank registration · One Point Ledger'],
  ['/payments', 'Payments · One Point Ledger'],
  ['/payments/new', 'Pay · One Point Ledger'],
  ['/payments/pay_1', 'Payment · One Point Ledger'],
  ['/certificates', 'Certificates · One Point Ledger'],
  ['/certificates/new', 'Certificates · One Point Ledger'],
  ['/certificates/-/new', 'New key · One Point Ledger'],
  ['/certificates/-/import', 'Import a key and its certificates · One Point Ledger'],
  ['/certificates/-/move', 'Move a bank to other certificates · One Point Ledger'],
  ['/certificates/-/credentials', 'Credentials · One Point Ledger'],
  ['/audit', 'Audit log · One Point Ledger'],
  ['/settings', 'Settings · One Point Ledger'],
  ['/nowhere', 'One Point Ledger'],
])('%s has a title of its own', async (address, title) => {
  document.title = '';
  open(address);
  await expect.poll(() => document.title).toBe(title);
  expect(document.querySelectorAll('title')).toHaveLength(1);
});

it('names the way in while it is shown, and the page after it', async () => {
  answer('GET /api/v1/me', () => nobody);
  const { client } = open('/transactions');
  await expect.poll(() => document.title).toBe('Sign in · One Point Ledger');
  client.setQueryData(['me'], { setupNeeded: false, signedIn: true });
  await expect.poll(() => document.title).toBe('Transactions · One Point Ledger');
});

it('names the first visit', async () => {
  answer('GET /api/v1/me', () => ({ setupNeeded: true, signedIn: false }));
  open('/');
  await expect.poll(() => document.title).toBe('Make this ledger yours · One Point Ledger');
});

it('follows the reader from page to page', async () => {
  const { router } = open('/');
  await expect.poll(() => document.title).toBe('Overview · One Point Ledger');
  await router.navigate({ to: '/settings' });
  await expect.poll(() => document.title).toBe('Settings · One Point Ledger');
});

it('opens the later places of a phone, and closes them on Escape and on a new page', async () => {
  open('/');
  const more = await screen.findByRole('button', { name: 'More' });
  const press = () => act(() => more.click());
  press();
  expect(more.getAttribute('aria-expanded')).toBe('true');
  fireEvent.keyDown(document.body, { key: 'Escape' });
  expect(more.getAttribute('aria-expanded')).toBe('false');
  press();
  act(() => screen.getByRole('link', { name: 'Registrations' }).click());
  expect(await screen.findByRole('heading', { name: 'Registrations' })).toBeTruthy();
  expect(more.getAttribute('aria-expanded')).toBe('false');
});
