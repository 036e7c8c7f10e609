import { cleanup, render } from '@testing-library/react';
import { createMemoryHistory } from '@tanstack/react-router';
import { afterEach } from 'vitest';
import { App } from '../app';
import { makeQueryClient } from '../api/query-client';
import { BankAnswer, type Params } from '../callback';
import { makeRouter } from '../router';

afterEach(cleanup);

/** The whole app at an address, over the stubbed platform. */
export function open(address: string, params?: Params) {
  const client = makeQueryClient();
  const router = makeRouter(new BankAnswer(params), createMemoryHistory({ initialEntries: [address] }));
  render(<App client={client} router={router} />);
  return { client, router };
}
