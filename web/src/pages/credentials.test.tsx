import { answer, problem, sent } from '../testing/platform';
import { act, fireEvent, screen, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import type { Credential } from '../api/client';
import { open } from '../testing/app';
import { credential } from '../testing/credential';

const address = '/certificates/-/credentials';
const list = (...items: Credential[]) => answer('GET /api/v1/credentials', () => ({ items }));
const press = (name: string | RegExp) => act(() => screen.getByRole('button', { name }).click());
const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

it.each([
  ['ok', 'Valid'],
  ['warn', 'Ends soon'],
  ['fail', 'Not valid today'],
] as const)('a set that is %s says: %s', async (status, words) => {
  list(credential('op', { status }));
  open(address);
  expect(await screen.findByText(words, { exact: true })).toBeTruthy();
});

it('says what each set holds and opens', async () => {
  list(
    credential('op', { label: 'Sandbox', more: ['device'], validUntil: '2030-01-31T23:59:59Z' }),
    credential('lone', { banks: [] }),
  );
  open(address);
  const card = within((await screen.findByText('Sandbox')).closest('li') ?? document.body);
  for (const words of ['client id, client secret', 'cli-op', 'device', 'Bank op (registered)']) {
    expect(card.getByText(words)).toBeTruthy();
  }
  expect(screen.getByText('No bank of the catalogue')).toBeTruthy();
  expect(screen.getByText('No end date')).toBeTruthy();
});

it('says that there are none', async () => {
  open(address);
  expect(await screen.findByText('No credentials yet.')).toBeTruthy();
});

it('saves what was typed, clears the secrets and keeps them nowhere', async () => {
  answer('PUT /api/v1/credentials/op', () => credential('op'));
  const { client } = open(address);
  await screen.findByText('No credentials yet.');
  type('Group of banks', 'op');
  type('Client secret', 'hunter2');
  type('Name of a token', 'device');
  type('The token', 'tok-secret');
  press('Save');
  expect(await screen.findByText('The credentials of op are saved.')).toBeTruthy();
  expect(sent('PUT /api/v1/credentials/op')).toEqual([
    { clientSecret: 'hunter2', more: { device: 'tok-secret' } },
  ]);
  expect(screen.getByLabelText<HTMLInputElement>('Client secret').value).toBe('');
  const kept = client.getMutationCache().getAll();
  expect(JSON.stringify(kept.map((m) => m.state))).not.toMatch(/hunter2|tok-secret/);
});

it('changes only what differs; a date that is emptied is taken away', async () => {
  list(credential('op', { label: 'Old', validUntil: '2030-01-31T23:59:59Z' }));
  answer('PUT /api/v1/credentials/op', () => credential('op'));
  open(address);
  await screen.findByText('Old');
  press('Change the credentials of op');
  expect(screen.getByLabelText<HTMLInputElement>('Client id').value).toBe('cli-op');
  expect(screen.getByLabelText<HTMLInputElement>('Client secret').value).toBe('');
  expect(document.activeElement).toBe(screen.getByLabelText('Label'));
  type('Label', 'New');
  type('Valid until', '');
  press('Save');
  await vi.waitFor(() =>
    expect(sent('PUT /api/v1/credentials/op')).toEqual([
      { label: 'New', validUntil: '0001-01-01T00:00:00Z' },
    ]),
  );
});

it('a change can be left', async () => {
  list(credential('op'));
  open(address);
  await screen.findByText('cli-op');
  press('Change the credentials of op');
  press('Do not change it');
  expect(screen.getByRole('heading', { name: 'Save by hand' })).toBeTruthy();
});

it('tells a refusal at its field, and clears the secret', async () => {
  answer('PUT /api/v1/credentials/op', () =>
    Response.json(
      {
        type: '/problems/invalid',
        title: 'Not valid',
        status: 422,
        code: 'invalid',
        fields: [{ name: 'apiKey', message: 'must be one line' }],
      },
      { status: 422 },
    ),
  );
  open(address);
  await screen.findByText('No credentials yet.');
  type('Group of banks', 'op');
  type('API key', 'hunter2');
  press('Save');
  expect(await screen.findByText('must be one line')).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>('API key').value).toBe('');
});

it('removes after a question, and shows the refusal', async () => {
  list(credential('op'));
  answer('DELETE /api/v1/credentials/op', () => problem(409, 'conflict', 'in use at Bank op'));
  open(address);
  await screen.findByText('cli-op');
  press('Remove the credentials of op');
  press('Remove them');
  expect(await screen.findByText('in use at Bank op')).toBeTruthy();
  answer('DELETE /api/v1/credentials/op', () => new Response(null, { status: 204 }));
  list();
  press('Remove the credentials of op');
  press('Remove them');
  expect(await screen.findByText('The credentials of op are removed.')).toBeTruthy();
  expect(await screen.findByText('No credentials yet.')).toBeTruthy();
});
