import { answer, sent } from '../testing/platform';
import { screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { open } from '../testing/app';

const route = 'DELETE /api/v1/api-keys/key_1';

beforeEach(() => {
  const keys = [{ id: 'key_1', name: 'backup', hint: 'opk_abc', created: '2026-01-01T00:00:00Z' }];
  answer('GET /api/v1/api-keys', () => ({ items: keys }));
  answer(route, () => {
    keys.pop();
    return new Response(null, { status: 204 });
  });
});

async function ask() {
  open('/settings');
  (await screen.findByRole('button', { name: 'Delete: backup' })).click();
  return within(await screen.findByRole('alertdialog', { name: 'Delete the key backup?' }));
}

it('deletes a key only after a confirmation', async () => {
  const dialog = await ask();
  expect(sent(route)).toHaveLength(0);
  dialog.getByRole('button', { name: 'Delete it' }).click();
  await expect.poll(() => screen.queryByText('backup')).toBeNull();
  expect(sent(route)).toHaveLength(1);
  expect(screen.queryByRole('alertdialog')).toBeNull();
});

it('keeps the key of who thinks again', async () => {
  const dialog = await ask();
  dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect.poll(() => screen.queryByRole('alertdialog')).toBeNull();
  expect(screen.getByText('backup')).toBeTruthy();
  expect(sent(route)).toHaveLength(0);
});
