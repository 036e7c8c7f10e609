import { answer, problem, sent } from '../testing/platform';
import { act, fireEvent, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Registration } from '../api/client';
import { applyEvent } from '../api/events';
import { open } from '../testing/app';
import { bank, exchange, inDays, registration, steps } from '../testing/registration';

const path = '/api/v1/registrations/a';
const updated = '2026-11-21T08:00:00Z';
const secretField = { name: 'api_key', message: "the application's x-api-key", secret: true };
const openField = { name: 'client', message: 'the client id' };
const done: Partial<Registration> = { status: 'registered', steps: steps(3), updated, clientId: 'cli_1' };
const asking: Partial<Registration> = {
  status: 'needs_input',
  steps: steps(0, 'stopped'),
  updated,
  message: 'give its x-api-key',
  guide: ['Sign in.', 'Copy the key.'],
  portal: 'https://portal.example/',
  needs: [openField, secretField],
};

let now: Registration;
const set = (part: Partial<Registration>) => {
  now = registration('a', part);
};

beforeEach(() => {
  set({});
  answer('GET /api/v1/banks', () => ({ items: [bank('a')] }));
  answer(`GET ${path}`, () => now);
  answer(`GET ${path}/exchanges`, () => ({ items: [] }));
});

afterEach(() => {
  vi.useRealTimers();
});

const shows = (text: string | RegExp) => expect(screen.getByText(text)).toBeTruthy();
const panel = () => screen.findByRole('region', { name: /^Where it stands/ });

it.each<{
  state: string;
  part: Partial<Registration>;
  shown: (string | RegExp)[];
  button: string | undefined;
}>([
  {
    state: 'before it begins',
    part: {},
    shown: ['Not registered', '3 steps, none of them done yet.'],
    button: 'Register at Bank a',
  },
  {
    state: 'while it runs',
    part: { status: 'running', steps: steps(1, 'running'), updated },
    shown: ['Registering…', 'Step 2 of 3: client registered'],
    button: undefined,
  },
  {
    state: 'while the bank is away',
    part: {
      status: 'waiting_for_bank',
      steps: steps(1, 'stopped'),
      updated,
      message: 'OP has trouble of its own',
    },
    shown: ['Waiting for the bank', 'OP has trouble of its own', /tried again by itself/],
    button: 'Ask the bank again now',
  },
  {
    state: 'when it asks something',
    part: asking,
    shown: [
      'Needs your answer',
      'Waiting at step 1 of 3: portal key at hand',
      'give its x-api-key',
      'Sign in.',
      'Copy the key.',
    ],
    button: 'Send and continue',
  },
  {
    state: 'when something is to be done at the bank alone',
    part: { ...asking, needs: [] },
    shown: ['Sign in.'],
    button: 'Continue with step 1',
  },
  {
    state: 'when it failed',
    part: { status: 'failed', steps: steps(1, 'stopped'), updated, message: 'OP refused: invalid_request' },
    shown: ['Failed', 'OP refused: invalid_request', /only what is not done is repeated/],
    button: 'Try step 2 again',
  },
  {
    state: 'when it is done',
    part: done,
    shown: ['Registered', 'All 3 steps are done.', 'cli_1'],
    button: 'Copy the client id',
  },
])('says where it stands $state', async ({ part, shown, button }) => {
  set(part);
  open('/registrations/a');
  const found = within(await panel());
  for (const text of shown) {
    expect(found.getByText(text)).toBeTruthy();
  }
  expect(found.queryAllByRole('button').map((b) => b.getAttribute('aria-label') ?? b.textContent)).toEqual(
    button ? [button] : [],
  );
});

it('lists the steps in order, with what they do and how they stand', async () => {
  set({ status: 'failed', steps: steps(1, 'stopped'), updated });
  open('/registrations/a');
  const list = within(await screen.findByRole('region', { name: 'Steps' }));
  expect(list.getAllByRole('heading', { level: 3 }).map((h) => h.textContent)).toEqual([
    'portal key at hand',
    'client registered',
    'registration proven',
  ]);
  expect(list.getByText(/^Done /)).toBeTruthy();
  expect(list.getByText('Stopped').closest('li')?.getAttribute('aria-current')).toBe('step');
  expect(list.getByText('To do').closest('li')?.getAttribute('aria-current')).toBeNull();
  expect(list.getByText('Why client registered.')).toBeTruthy();
});

it('begins, and follows to the end', async () => {
  answer('POST /api/v1/registrations', () => {
    set({ status: 'running', steps: steps(0, 'running'), updated });
    return now;
  });
  const { client } = open('/registrations/a');
  (await screen.findByRole('button', { name: 'Register at Bank a' })).click();
  expect(await screen.findByText('Step 1 of 3: portal key at hand')).toBeTruthy();
  expect(sent('POST /api/v1/registrations')).toEqual([{ bank: 'a' }]);
  expect(document.activeElement).toBe(await panel());
  set(done);
  applyEvent(client, 'registration.changed', '{"data":{"bank":"a","status":"registered"}}');
  expect(await screen.findByText('All 3 steps are done.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Connect this bank' }).getAttribute('href')).toBe(
    '/connect?bank=a',
  );
});

it.each(['running', 'waiting_for_bank'] as const)(
  'asks again every two seconds while it is %s',
  async (status) => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    set({ status, steps: steps(0, 'running'), updated });
    open('/registrations/a');
    await panel();
    set(done);
    await act(() => vi.advanceTimersByTimeAsync(2100));
    expect(await screen.findByText('All 3 steps are done.')).toBeTruthy();
    const asked = sent(`GET ${path}`).length;
    await act(() => vi.advanceTimersByTimeAsync(8000));
    expect(sent(`GET ${path}`)).toHaveLength(asked);
  },
);

it('says what went wrong when it cannot begin', async () => {
  answer('POST /api/v1/registrations', () => problem(409, 'conflict', 'There is no QWAC.'));
  open('/registrations/a');
  (await screen.findByRole('button', { name: 'Register at Bank a' })).click();
  expect((await screen.findByRole('alert')).textContent).toContain('There is no QWAC.');
});

it('leads to the portal', async () => {
  set(asking);
  open('/registrations/a');
  const link = await screen.findByRole('link', { name: /portal/ });
  expect(link.getAttribute('href')).toBe('https://portal.example/');
  expect(link.getAttribute('rel')).toBe('noreferrer');
});

async function fill() {
  const secret = (await screen.findByLabelText("The application's x-api-key")) as HTMLInputElement;
  const client = screen.getByLabelText('The client id') as HTMLInputElement;
  fireEvent.change(client, { target: { value: 'cli_9' } });
  fireEvent.change(secret, { target: { value: 's3cret-key' } });
  screen.getByRole('button', { name: 'Send and continue' }).click();
  return { secret, client };
}

it('sends answers, and keeps no secret', async () => {
  set(asking);
  answer('POST /api/v1/registrations', () => {
    set({ status: 'running', steps: steps(0, 'running'), updated });
    return now;
  });
  const { client } = open('/registrations/a');
  await fill();
  expect(await screen.findByText('Step 1 of 3: portal key at hand')).toBeTruthy();
  expect(sent('POST /api/v1/registrations')).toEqual([
    { bank: 'a', input: { client: 'cli_9', api_key: 's3cret-key' } },
  ]);
  expect(document.activeElement).toBe(await panel());
  const held = [...client.getMutationCache().getAll(), ...client.getQueryCache().getAll()].map(
    (x) => x.state,
  );
  expect(JSON.stringify(held)).not.toContain('s3cret-key');
  expect(document.body.innerHTML).not.toContain('s3cret-key');
});

it('clears a secret that was refused, says what is wrong, and goes back to the field', async () => {
  set(asking);
  answer('POST /api/v1/registrations', () => {
    const body = { type: '/problems/invalid', title: 'Not valid', status: 422, code: 'invalid' };
    return Response.json(
      { ...body, fields: [{ name: 'api_key', message: 'must not be empty' }] },
      { status: 422 },
    );
  });
  open('/registrations/a');
  const { secret, client } = await fill();
  expect(await screen.findByText('must not be empty')).toBeTruthy();
  expect(secret.value).toBe('');
  expect(secret.type).toBe('password');
  expect(secret.autocomplete).toBe('off');
  expect(client.value).toBe('cli_9');
  await expect.poll(() => document.activeElement).toBe(secret);
});

async function openPanel(step: string) {
  const row = (await screen.findByText(step, { selector: 'h3' })).closest('li') as HTMLElement;
  const details = row.querySelector('details') as HTMLDetailsElement;
  act(() => {
    details.open = true;
  });
  return within(row);
}

it('reads what was said when it is opened, and shows it laid out, newest last', async () => {
  set(done);
  answer(`GET ${path}/exchanges`, () => ({
    items: [
      exchange(1, { step: 'step-1', url: 'https://bank.example/other' }),
      exchange(2, { status: 400, responseBody: '{"error":"invalid_request"}' }),
      exchange(3),
    ],
  }));
  open('/registrations/a');
  await panel();
  expect(sent(`GET ${path}/exchanges`)).toHaveLength(0);
  const row = await openPanel('client registered');
  await expect.poll(() => row.queryAllByText('/register?v=1')).toHaveLength(2);
  expect(row.queryByText('/other')).toBeNull();
  expect(row.getAllByText(/^(400|201)$/).map((s) => s.textContent)).toEqual(['400', '201']);
  expect(row.getAllByText('5 ms')).toHaveLength(2);
  expect(row.getAllByRole('region', { hidden: true, name: 'Request: body' })[0]?.textContent).toBe(
    'client_secret = ••••',
  );
  expect(row.getAllByRole('region', { hidden: true, name: 'Request: headers' })[0]?.textContent).toBe(
    'X-Api-Key: ••••',
  );
  expect(row.getAllByRole('region', { hidden: true, name: 'Answer: body' })[1]?.textContent).toBe(
    '{\n  "client_id": "cli_1"\n}',
  );
});

it.each([
  {
    what: 'nothing was said',
    with_: () => ({ items: [] }),
    shown: 'Nothing was said to the bank in this step.',
  },
  { what: 'it cannot be read', with_: () => problem(503, 'unavailable', 'Not now.'), shown: 'Not now.' },
  {
    what: 'no answer came',
    with_: () => {
      const silent = { status: undefined, responseHeader: undefined, responseBody: undefined };
      return { items: [{ ...exchange(1), ...silent, error: 'connection refused' }] };
    },
    shown: 'connection refused',
  },
])('says so when $what', async ({ with_, shown }) => {
  set(done);
  answer(`GET ${path}/exchanges`, with_);
  open('/registrations/a');
  const row = await openPanel('client registered');
  expect(await row.findByText(shown)).toBeTruthy();
});

it('opens what was said at the step that failed', async () => {
  set({ status: 'failed', steps: steps(1, 'stopped'), updated });
  answer(`GET ${path}/exchanges`, () => ({ items: [exchange(1, { status: 400 })] }));
  open('/registrations/a');
  expect(await screen.findByText('/register?v=1')).toBeTruthy();
});

it('reads what is said again while it runs', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  set({ status: 'running', steps: steps(1, 'running'), updated });
  const items = [exchange(1)];
  answer(`GET ${path}/exchanges`, () => ({ items: [...items] }));
  open('/registrations/a');
  const row = await openPanel('client registered');
  await expect.poll(() => row.queryAllByText('/register?v=1')).toHaveLength(1);
  items.push(exchange(2));
  await act(() => vi.advanceTimersByTimeAsync(2100));
  await expect.poll(() => row.queryAllByText('/register?v=1')).toHaveLength(2);
  items.push(exchange(3));
  set(done);
  await act(() => vi.advanceTimersByTimeAsync(2100));
  await expect.poll(() => row.queryAllByText('/register?v=1')).toHaveLength(3);
});

it('copies an exchange', async () => {
  const writeText = vi.fn().mockResolvedValue(undefined);
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), { clipboard: { writeText } }));
  set(done);
  answer(`GET ${path}/exchanges`, () => ({ items: [exchange(1)] }));
  open('/registrations/a');
  const row = await openPanel('client registered');
  (await row.findByRole('button', { hidden: true, name: 'Copy this exchange' })).click();
  await expect
    .poll(() => writeText.mock.calls[0]?.[0])
    .toMatch(/^POST https:\/\/bank.example\/register\?v=1\n/);
});

it('shows certificates and credentials, with what is wrong with them', async () => {
  set({
    ...done,
    health: {
      status: 'warn',
      message: 'transport certificate: ends in 5 days',
      transport: { name: 'op.qwac', status: 'warn', message: 'ends in 5 days', notAfter: inDays(5) },
      credential: { group: 'a', holds: ['client id', 'client secret'], status: 'ok', validUntil: inDays(90) },
    },
  });
  open('/registrations/a');
  await screen.findByText('Attention, 5 days left');
  shows('ends in 5 days');
  shows('op.qwac');
  shows('None');
  shows('OK, 90 days left');
  shows('Holds client id, client secret');
});

it('gives its files to save and to copy', async () => {
  const writeText = vi.fn().mockResolvedValue(undefined);
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), { clipboard: { writeText } }));
  const saved: string[] = [];
  URL.createObjectURL = () => 'blob:file';
  URL.revokeObjectURL = () => {};
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
  set({ ...done, files: ['qwac.pem', 'gone.jwt'] });
  answer(`GET ${path}/files/qwac.pem`, () => ({ name: 'qwac.pem', content: '-----BEGIN' }));
  open('/registrations/a');
  (await screen.findByRole('button', { name: 'Download qwac.pem' })).click();
  await expect.poll(() => saved).toEqual(['qwac.pem']);
  screen.getByRole('button', { name: 'Copy qwac.pem' }).click();
  await expect.poll(() => writeText.mock.calls).toEqual([['-----BEGIN']]);
  screen.getByRole('button', { name: 'Copy gone.jwt' }).click();
  expect(await screen.findByRole('alert')).toBeTruthy();
  expect(writeText).toHaveBeenCalledTimes(1);
  vi.restoreAllMocks();
});

it.each([
  { left: 'end the client cli_1 in the bank’s portal', told: true },
  { left: undefined, told: false },
])('deregisters only after a confirmation; something left to do: $told', async ({ left, told }) => {
  set({ ...done, portal: 'https://portal.example/' });
  const connection = {
    id: 'c',
    bank: 'a',
    bankName: 'Bank a',
    status: 'active',
    accounts: 1,
    permissions: [],
    created: updated,
  };
  answer('GET /api/v1/connections', () => ({ items: [connection, { ...connection, id: 'd', bank: 'b' }] }));
  answer(`DELETE ${path}`, () => {
    set({ updated, portal: 'https://portal.example/' });
    return { left };
  });
  open('/registrations/a');
  (await screen.findByRole('button', { name: 'Deregister' })).click();
  const dialog = within(await screen.findByRole('alertdialog', { name: 'Deregister at Bank a?' }));
  await expect.poll(() => dialog.queryByText(/Connections that stop: 1\./)).toBeTruthy();
  expect(sent(`DELETE ${path}`)).toHaveLength(0);
  dialog.getByRole('button', { name: 'Deregister' }).click();
  expect(await screen.findByText('No longer registered at Bank a')).toBeTruthy();
  expect(screen.queryByText('Left to do at the bank') !== null).toBe(told);
  if (left) {
    shows(left);
  }
  await expect.poll(() => document.activeElement).toBe(await panel());
});

it('says so when the bank cannot be asked to end it', async () => {
  set(done);
  answer(`DELETE ${path}`, () => problem(503, 'unavailable', 'The bank does not answer.'));
  open('/registrations/a');
  (await screen.findByRole('button', { name: 'Deregister' })).click();
  within(await screen.findByRole('alertdialog'))
    .getByRole('button', { name: 'Deregister' })
    .click();
  expect((await screen.findByRole('alert')).textContent).toContain('The bank does not answer.');
  shows('Registered');
});

it('lets an attempt be discarded', async () => {
  set(asking);
  open('/registrations/a');
  (await screen.findByRole('button', { name: 'Discard this attempt' })).click();
  expect(
    await screen.findByRole('alertdialog', { name: 'Discard the registration at Bank a?' }),
  ).toBeTruthy();
});

it('says so when there is no such bank', async () => {
  answer(`GET ${path}`, () => problem(404, 'not_found', 'There is no bank "a".'));
  open('/registrations/a');
  expect((await screen.findByRole('alert')).textContent).toContain('There is no bank "a".');
  expect(screen.getByRole('link', { name: 'All registrations' })).toBeTruthy();
});
