import { answer, problem, queriesOf } from '../testing/platform';
import { act, fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import type { AuditProof } from '../api/client';
import { open } from '../testing/app';
import { entry, proof } from '../testing/credential';

const press = (name: string) => act(() => screen.getByRole('button', { name }).click());
const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

it('shows who did what to what', async () => {
  answer('GET /api/v1/audit', () => ({
    items: [
      entry(1, { detail: { bank: 'op' } }),
      entry(2, { actor: 'user:usr_1', action: 'credential.saved', subject: 'op' }),
      entry(3, { actor: 'key:key_1' }),
    ],
  }));
  open('/audit');
  expect(await screen.findByText('credential.saved')).toBeTruthy();
  for (const words of ['The platform', 'User usr_1', 'API key key_1', 'bank: op']) {
    expect(screen.getByText(words)).toBeTruthy();
  }
});

it('loads more, and only what was done to one thing', async () => {
  let page = 0;
  answer('GET /api/v1/audit', () =>
    page++ === 0 ? { items: [entry(1)], next: '1' } : { items: [entry(2, { subject: 'second' })] },
  );
  const { router } = open('/audit');
  await screen.findByText('qwac');
  press('Load more');
  expect(await screen.findByText('second')).toBeTruthy();
  expect(queriesOf('GET /api/v1/audit')[1]).toContain('cursor=1');
  type('Only what was done to', 'op');
  press('Show');
  await expect.poll(() => router.state.location.search).toEqual({ subject: 'op' });
  await expect.poll(() => queriesOf('GET /api/v1/audit').at(-1)).toContain('subject=op');
});

it('says that there is nothing, or that it cannot be read', async () => {
  open('/audit?subject=nobody');
  expect(await screen.findByText('Nothing was done to that.')).toBeTruthy();
});

it('tells that the log cannot be read', async () => {
  answer('GET /api/v1/audit', () => problem(503, 'unavailable', 'the store is closed'));
  open('/audit');
  expect(await screen.findByText('the store is closed')).toBeTruthy();
});

it.each<[Partial<AuditProof>, string]>([
  [{}, 'The log is whole: 12 entries, none changed, moved or lost.'],
  [{ whole: false, broken: 7, entries: 6 }, 'The log is not whole: entry 7 was changed, moved or lost.'],
  [{ whole: false }, 'The log is not whole.'],
])('the proof %o in words', async (part, words) => {
  answer('GET /api/v1/audit/proof', () => proof(part));
  open('/audit');
  await screen.findByLabelText('Head noted earlier');
  press('Prove the log');
  expect(await screen.findByText(words)).toBeTruthy();
  expect(screen.getByText('ab12')).toBeTruthy();
});

it.each([
  ['kept', /still in the chain/],
  ['lost', /no longer in the chain/],
] as const)('what was noted is %s', async (noted, words) => {
  answer('GET /api/v1/audit/proof', () => proof({ noted, whole: noted === 'kept' }));
  open('/audit');
  await screen.findByLabelText('Head noted earlier');
  type('Entries noted earlier', '12');
  press('Prove the log');
  expect(screen.getByText('Give both, entries and head, or neither.')).toBeTruthy();
  type('Head noted earlier', 'ab12');
  press('Prove the log');
  expect(await screen.findByText(words)).toBeTruthy();
  expect(queriesOf('GET /api/v1/audit/proof')).toEqual(['?entries=12&head=ab12']);
});
