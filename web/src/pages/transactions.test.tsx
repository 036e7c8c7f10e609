import '../testing/platform';
import { fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { open } from '../testing/app';

async function box() {
  return (await screen.findByRole('searchbox')) as HTMLInputElement;
}

it('puts the words of the box in the address', async () => {
  const { router } = open('/transactions?account=acc_1');
  fireEvent.change(await box(), { target: { value: 'tea' } });
  await expect.poll(() => router.state.location.search).toEqual({ account: 'acc_1', q: 'tea' });
});

it('shows the words of the address when it changes', async () => {
  const { router } = open('/transactions?q=tea');
  expect((await box()).value).toBe('tea');
  await router.navigate({ to: '/transactions', search: { q: 'milk' } });
  await expect.poll(async () => (await box()).value).toBe('milk');
  router.history.back();
  await expect.poll(async () => (await box()).value).toBe('tea');
  await new Promise((resolve) => setTimeout(resolve, 300)); // longer than the box waits for more typing
  expect(router.state.location.search).toEqual({ q: 'tea' });
});

it('is emptied by a way to all transactions, also after typing', async () => {
  const { router } = open('/transactions');
  fireEvent.change(await box(), { target: { value: 'tea' } });
  await expect.poll(() => router.state.location.search).toEqual({ q: 'tea' });
  screen.getByRole('link', { name: 'Transactions' }).click();
  await expect.poll(async () => (await box()).value).toBe('');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(router.state.location.search).toEqual({});
});

it('keeps what is typed while the address follows', async () => {
  const { router } = open('/transactions');
  fireEvent.change(await box(), { target: { value: 'te' } });
  await new Promise((resolve) => setTimeout(resolve, 205));
  fireEvent.change(await box(), { target: { value: 'tea' } });
  await expect.poll(() => router.state.location.search).toEqual({ q: 'tea' });
  expect((await box()).value).toBe('tea');
});
