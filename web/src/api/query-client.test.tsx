import { answer, nobody, problem } from '../testing/platform';
import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from '../testing/app';

it('leads to sign-in when the session has ended', async () => {
  const { client } = open('/connections');
  await screen.findByText('No connections yet.');
  answer('GET /api/v1/me', () => nobody);
  answer('GET /api/v1/connections', () => problem(401, 'unauthenticated'));
  await client.invalidateQueries({ queryKey: ['connections'] });
  expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeTruthy();
});

it('leads to sign-in when a change is refused because the session has ended', async () => {
  open('/settings');
  const name = await screen.findByLabelText('What is it for?');
  answer('GET /api/v1/me', () => nobody);
  answer('POST /api/v1/api-keys', () => problem(401, 'unauthenticated'));
  (name as HTMLInputElement).value = 'backup';
  screen.getByRole('button', { name: 'Create a key' }).click();
  expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeTruthy();
});
