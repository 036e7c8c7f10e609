import { answer, down, problem, sent } from '../testing/platform';
import { act, fireEvent, screen, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { applyEvent } from '../api/events';
import type { Certificate } from '../api/client';
import { open } from '../testing/app';
import { certificate, keyOnly } from '../testing/certificate';
import { bank, inDays } from '../testing/registration';

const list = (...items: Certificate[]) => answer('GET /api/v1/certificates', () => ({ items }));
const press = (name: string | RegExp) => act(() => screen.getByRole('button', { name }).click());
const type = (label: string | RegExp, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

it.each([
  [{ daysLeft: 364 }, '364 days left'],
  [{ daysLeft: 1 }, '1 day left'],
  [{ daysLeft: 0 }, 'Ends today'],
  [{ daysLeft: -1 }, 'Ended'],
  [{ daysLeft: -2 }, 'Ended 1 day ago'],
  [{ daysLeft: -10 }, 'Ended 9 days ago'],
])('a certificate with %o says: %s', async (part, words) => {
  list(certificate('qwac-1', part));
  open('/certificates');
  expect(await screen.findByText(words, { exact: true })).toBeTruthy();
});

it('lists what each is, whose, and what should be known', async () => {
  answer('GET /api/v1/banks', () => ({ items: [bank('op', { status: 'registered' })] }));
  list(
    certificate('qwac-1', { usedBy: ['op'], warnings: ['its key is weak'] }),
    certificate('qseal-1', { kind: 'qseal' }),
    keyOnly('next'),
  );
  open('/certificates');
  const first = (await screen.findByRole('link', { name: 'qwac-1' })).closest('li') ?? document.body;
  for (const words of [
    'QWAC, opens connections',
    'One Point Ledger, PSDGB-FCA-123456',
    'PSP_AI, PSP_PI',
    'Financial Conduct Authority, GB-FCA',
    'Test QTSP',
    'its key is weak',
  ]) {
    expect(within(first).getByText(words)).toBeTruthy();
  }
  expect(await within(first).findByText('Bank op')).toBeTruthy();
  expect(screen.getByText('QSEAL, signs')).toBeTruthy();
  expect(screen.getByText('Waits for its certificate')).toBeTruthy();
});

it('says what belongs there, and what went wrong', async () => {
  open('/certificates');
  expect(await screen.findByText('No certificates yet.')).toBeTruthy();
});

it('tells that the list cannot be read', async () => {
  answer('GET /api/v1/certificates', () => problem(503, 'unavailable', 'the vault is closed'));
  open('/certificates');
  expect(await screen.findByText('the vault is closed')).toBeTruthy();
});

it.each([
  [{ revocation: 'good' }, /^Not revoked/],
  [{ revocation: 'revoked', revokedAt: '2026-11-01T10:00:00Z' }, /^Revoked by the issuer on/],
  [{ revocation: 'not_told' }, /names nobody to ask/],
  [{ revocation: 'not_answered' }, /no valid answer/],
] as const)('the revocation %o in words', async (part, words) => {
  answer('GET /api/v1/certificates/qwac-1', () => certificate('qwac-1', part));
  open('/certificates/qwac-1');
  expect(await screen.findByText(words)).toBeTruthy();
});

it('shows everything of one certificate', async () => {
  answer('GET /api/v1/certificates/qwac-1', () => certificate('qwac-1', { warnings: ['it ends soon'] }));
  open('/certificates/qwac-1');
  for (const words of ['566ca43d', '4d4a', 'digitalSignature', 'clientAuth', 'it ends soon', 'No bank']) {
    expect(await screen.findByText(words)).toBeTruthy();
  }
  expect(screen.getByText('account information (PSP_AI), payment initiation (PSP_PI)')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Copy the fingerprint' })).toBeTruthy();
});

it('a key alone asks for its certificate, and installs what is pasted', async () => {
  let now = keyOnly('next');
  answer('GET /api/v1/certificates/next', () => now);
  answer('PUT /api/v1/certificates/next/chain', () => (now = certificate('next')));
  open('/certificates/next');
  await screen.findByRole('heading', { name: 'Install the certificate' });
  type('Or paste it here', '-----BEGIN CERTIFICATE-----');
  press('Install');
  expect(await screen.findByText('364 days left')).toBeTruthy();
  expect(sent('PUT /api/v1/certificates/next/chain')).toEqual([{ pem: '-----BEGIN CERTIFICATE-----' }]);
  expect(document.activeElement?.getAttribute('aria-label')).toBe('What you should know');
});

it('deletes after a question, and shows the refusal', async () => {
  answer('GET /api/v1/certificates/qwac-1', () => certificate('qwac-1'));
  answer('DELETE /api/v1/certificates/qwac-1', () =>
    problem(409, 'conflict', 'the registration at op uses it'),
  );
  const { router } = open('/certificates/qwac-1');
  await screen.findByRole('heading', { name: 'qwac-1' });
  press('Delete qwac-1');
  expect(screen.getByRole('alertdialog', { name: 'Delete qwac-1?' })).toBeTruthy();
  press('Delete it');
  expect(await screen.findByText('the registration at op uses it')).toBeTruthy();
  answer('DELETE /api/v1/certificates/qwac-1', () => new Response(null, { status: 204 }));
  press('Delete qwac-1');
  press('Delete it');
  await expect.poll(() => router.state.location.pathname).toBe('/certificates');
});

it('makes a request with what is known of the organisation, and shows it', async () => {
  list(certificate('qwac-1'));
  answer('POST /api/v1/certificates/request', () => ({
    name: 'next',
    csr: '-----BEGIN CERTIFICATE REQUEST-----',
  }));
  open('/certificates/-/new');
  const organisation = await screen.findByLabelText<HTMLInputElement>('Legal name of the organisation');
  expect(organisation.value).toBe('One Point Ledger');
  type('Name of the key', 'next');
  type('Host names', 'a.example, b.example');
  act(() => screen.getByLabelText(/payment initiation/).click());
  press('Make the request');
  expect(await screen.findByDisplayValue('-----BEGIN CERTIFICATE REQUEST-----')).toBeTruthy();
  expect(sent('POST /api/v1/certificates/request')).toEqual([
    {
      name: 'next',
      type: 'qwac',
      profile: 'psd2',
      algorithm: 'RSA-2048',
      organisation: 'One Point Ledger',
      organizationIdentifier: 'PSDGB-FCA-123456',
      roles: ['PSP_AI', 'PSP_PI'],
      dnsNames: ['a.example', 'b.example'],
    },
  ]);
  expect(document.activeElement?.textContent).toBe('Request for next');
});

it('a QSEAL of Open Banking asks for the directory id and no host name', async () => {
  answer('POST /api/v1/certificates/issue', () => certificate('seal-2', { kind: 'qseal' }));
  answer('GET /api/v1/certificates/seal-2', () => certificate('seal-2', { kind: 'qseal' }));
  const { router } = open('/certificates/-/new?name=seal-2');
  await screen.findByLabelText('Host names');
  act(() => screen.getByLabelText('QSEAL: signs').click());
  act(() => screen.getByLabelText(/Open Banking UK/).click());
  act(() => screen.getByLabelText('The local test issuer, at once').click());
  expect(screen.queryByLabelText('Host names')).toBeNull();
  type('Id in the Open Banking directory', '0015800001041RHAAY');
  type('Legal name of the organisation', 'Ledger');
  type('Organisation identifier', 'PSDGB-FCA-123456');
  press('Make and certify');
  await expect.poll(() => router.state.location.pathname).toBe('/certificates/seal-2');
  expect(sent('POST /api/v1/certificates/issue')).toMatchObject([
    { type: 'qseal', profile: 'ob', commonName: '0015800001041RHAAY' },
  ]);
});

it('a refused order is told at its field', async () => {
  answer('POST /api/v1/certificates/request', () =>
    Response.json(
      {
        type: '/problems/invalid',
        title: 'Not valid',
        status: 422,
        code: 'invalid',
        fields: [{ name: 'dnsNames', message: 'a QWAC needs at least one host name' }],
      },
      { status: 422 },
    ),
  );
  open('/certificates/-/new');
  await screen.findByLabelText('Host names');
  type('Name of the key', 'next');
  type('Legal name of the organisation', 'Ledger');
  type('Organisation identifier', 'PSDGB-FCA-123456');
  type('Host names', ',');
  press('Make the request');
  expect((await screen.findAllByText(/needs at least one host name/)).length).toBeGreaterThan(0);
  expect(document.activeElement).toBe(screen.getByLabelText('Host names'));
});

const secret = '-----BEGIN PRIVATE KEY-----\nMIIsecret';

it('imports PEM, shows it as dots and keeps it nowhere', async () => {
  answer('POST /api/v1/certificates/import', () => certificate('made'));
  answer('GET /api/v1/certificates/made', () => certificate('made'));
  const { client, router } = open('/certificates/-/import');
  await screen.findByLabelText('Name');
  type('Name', 'made');
  type('Or paste it here', secret);
  expect(screen.getByLabelText('Or paste it here').className).toContain('masked');
  press('Import');
  await expect.poll(() => router.state.location.pathname).toBe('/certificates/made');
  expect(sent('POST /api/v1/certificates/import')).toEqual([{ name: 'made', pem: secret }]);
  const kept = client
    .getMutationCache()
    .getAll()
    .map((m) => JSON.stringify(m.state));
  expect(kept.join()).not.toContain('MIIsecret');
});

it('imports PKCS#12 with its password, and clears both when it is refused', async () => {
  answer('POST /api/v1/certificates/import', () => problem(422, 'invalid', 'the password is wrong'));
  open('/certificates/-/import');
  await screen.findByLabelText('Name');
  act(() => screen.getByLabelText(/PKCS#12 \(/).click());
  type('Name', 'made');
  const password = screen.getByLabelText<HTMLInputElement>('Its password');
  type('Its password', 'hunter2');
  const file = new File([new Uint8Array([1, 2, 255])], 'k.p12');
  fireEvent.change(screen.getByLabelText('PKCS#12 file'), { target: { files: [file] } });
  press('Import');
  expect(await screen.findByText('the password is wrong')).toBeTruthy();
  expect(sent('POST /api/v1/certificates/import')).toMatchObject([{ name: 'made', password: 'hunter2' }]);
  expect(password.value).toBe('');
});

const op = bank('op', {
  status: 'registered',
  health: {
    status: 'ok',
    transport: { name: 'qwac-1', status: 'ok', message: '' },
    seal: { name: 'qseal-1', status: 'ok', message: '' },
  },
});

it('moves a bank to another pair, and says what came of it', async () => {
  answer('GET /api/v1/banks', () => ({ items: [op] }));
  list(
    certificate('qwac-1'),
    certificate('qwac-2', { daysLeft: 700 }),
    certificate('qseal-1', { kind: 'qseal' }),
  );
  let finish: (value: unknown) => void = () => undefined;
  answer('POST /api/v1/registrations/op/certificates', () => new Promise((done) => (finish = done)));
  open('/certificates/-/move?bank=op');
  const transport = await screen.findByLabelText<HTMLSelectElement>(/opens connections/);
  expect(transport.value).toBe('qwac-1');
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Move Bank op' }).disabled).toBe(true);
  expect(screen.getByRole('option', { name: 'qwac-2, 700 days left' })).toBeTruthy();
  fireEvent.change(transport, { target: { value: 'qwac-2' } });
  press('Move Bank op');
  expect(await screen.findByText(/^Moving Bank op/)).toBeTruthy();
  await expect.poll(() => sent('POST /api/v1/registrations/op/certificates').length).toBe(1);
  finish({ bank: 'op', transport: 'qwac-2', seal: 'qseal-1', connections: 2, left: ['remove the old one'] });
  expect(await screen.findByText('Bank op now uses qwac-2 and qseal-1.')).toBeTruthy();
  expect(screen.getByText(/renewed: 2/)).toBeTruthy();
  expect(screen.getByText('remove the old one')).toBeTruthy();
  expect(sent('POST /api/v1/registrations/op/certificates')).toEqual([
    { transport: 'qwac-2', seal: 'qseal-1' },
  ]);
});

it('says why a bank cannot be moved', async () => {
  answer('GET /api/v1/banks', () => ({ items: [op] }));
  list(certificate('qwac-1'), certificate('qwac-2'), certificate('qseal-1', { kind: 'qseal' }));
  answer('POST /api/v1/registrations/op/certificates', () => problem(409, 'conflict', 'register anew'));
  open('/certificates/-/move');
  const transport = await screen.findByLabelText(/opens connections/);
  fireEvent.change(transport, { target: { value: 'qwac-2' } });
  press('Move Bank op');
  expect(await screen.findByText('register anew')).toBeTruthy();
});

it('no bank to move', async () => {
  answer('GET /api/v1/banks', () => ({ items: [bank('op')] }));
  open('/certificates/-/move');
  expect(await screen.findByText('There is no bank to move.')).toBeTruthy();
});

it('the overview names those that end, and follows the alarm', async () => {
  list(certificate('fine'));
  const { client } = open('/');
  await screen.findByText('No bank connected yet');
  await vi.waitFor(() => expect(client.getQueryData(['certificates'])).toBeTruthy());
  expect(screen.queryByText('Needs you')).toBeNull();
  list(
    certificate('fine'),
    certificate('soon', { daysLeft: 30 }),
    certificate('gone', { daysLeft: -3 }),
    keyOnly('k'),
  );
  act(() => applyEvent(client, 'certificate.expiring', JSON.stringify({ subject: 'soon', at: inDays(0) })));
  expect(await screen.findByText('soon: 30 days left')).toBeTruthy();
  expect(screen.getByText('gone: Ended 2 days ago')).toBeTruthy();
  expect(screen.queryByText(/^fine/)).toBeNull();
});

it('nothing answers', async () => {
  answer('POST /api/v1/certificates/import', () => down());
  open('/certificates/-/import');
  await screen.findByLabelText('Name');
  type('Name', 'made');
  type('Or paste it here', secret);
  press('Import');
  expect(await screen.findByText(/does not answer/)).toBeTruthy();
});
