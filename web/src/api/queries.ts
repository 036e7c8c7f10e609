import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, take } from './client';

export const queries = {
  me: () => queryOptions({ queryKey: ['me'], queryFn: () => take(api.GET('/api/v1/me')) }),
  banks: () =>
    queryOptions({ queryKey: ['banks'], queryFn: async () => (await take(api.GET('/api/v1/banks'))).items }),
  registration: (bank: string) =>
    queryOptions({
      queryKey: ['registrations', bank],
      queryFn: () => take(api.GET('/api/v1/registrations/{bank}', { params: { path: { bank } } })),
    }),
  exchanges: (bank: string) =>
    queryOptions({
      queryKey: ['registrations', bank, 'exchanges'],
      queryFn: async () =>
        (await take(api.GET('/api/v1/registrations/{bank}/exchanges', { params: { path: { bank } } }))).items,
    }),
  connections: () =>
    queryOptions({
      queryKey: ['connections'],
      queryFn: async () => (await take(api.GET('/api/v1/connections'))).items,
    }),
  connection: (id: string) =>
    queryOptions({
      queryKey: ['connections', id],
      queryFn: () => take(api.GET('/api/v1/connections/{id}', { params: { path: { id } } })),
    }),
  accounts: () =>
    queryOptions({
      queryKey: ['accounts'],
      queryFn: async () => (await take(api.GET('/api/v1/accounts'))).items,
    }),
  certificates: () =>
    queryOptions({
      queryKey: ['certificates'],
      queryFn: async () => (await take(api.GET('/api/v1/certificates'))).items,
    }),
  certificate: (name: string) =>
    queryOptions({
      queryKey: ['certificates', name],
      queryFn: () => take(api.GET('/api/v1/certificates/{name}', { params: { path: { name } } })),
    }),
  credentials: () =>
    queryOptions({
      queryKey: ['credentials'],
      queryFn: async () => (await take(api.GET('/api/v1/credentials'))).items,
    }),
  audit: (subject: string) =>
    infiniteQueryOptions({
      queryKey: ['audit', subject],
      queryFn: ({ pageParam }) =>
        take(
          api.GET('/api/v1/audit', {
            params: {
              query: { limit: 100, ...(subject && { subject }), ...(pageParam && { cursor: pageParam }) },
            },
          }),
        ),
      initialPageParam: '',
      getNextPageParam: (page) => page.next ?? undefined,
    }),
  payments: () =>
    queryOptions({
      queryKey: ['payments'],
      queryFn: async () => (await take(api.GET('/api/v1/payments'))).items,
    }),
  payment: (id: string) =>
    queryOptions({
      queryKey: ['payments', id],
      queryFn: () => take(api.GET('/api/v1/payments/{id}', { params: { path: { id } } })),
    }),
  keys: () =>
    queryOptions({
      queryKey: ['keys'],
      queryFn: async () => (await take(api.GET('/api/v1/api-keys'))).items,
    }),
  transactions: (filter: TransactionFilter) =>
    infiniteQueryOptions({
      queryKey: ['transactions', filter],
      queryFn: ({ pageParam }) =>
        take(
          api.GET('/api/v1/transactions', {
            params: { query: { ...present(filter), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          }),
        ),
      initialPageParam: '',
      getNextPageParam: (page) => page.next ?? undefined,
    }),
};

export interface TransactionFilter {
  readonly account?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly q?: string | undefined;
}

/** The parts of a filter that say something. */
export function present(filter: TransactionFilter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter((e): e is [string, string] => Boolean(e[1])));
}
