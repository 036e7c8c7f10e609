import { QueryClient } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import { applyEvent } from './events';

const sync = {
  id: 's',
  connection: 'con_1',
  state: 'running',
  accountsTotal: 3,
  accountsDone: 1,
  seen: 200,
  added: 200,
  updated: 0,
};

it('keeps the newest progress of a sync', () => {
  const client = new QueryClient();
  applyEvent(client, 'sync.progress', JSON.stringify({ seq: 1, type: 'sync.progress', data: sync }));
  applyEvent(
    client,
    'sync.progress',
    JSON.stringify({ seq: 2, type: 'sync.progress', data: { ...sync, seen: 300 } }),
  );
  expect(client.getQueryData(['sync', 'con_1'])).toMatchObject({ seen: 300 });
});

it('makes accounts and transactions stale when a sync ends', () => {
  const client = new QueryClient();
  client.setQueryData(['accounts'], []);
  client.setQueryData(['banks'], []);
  applyEvent(client, 'sync.finished', JSON.stringify({ seq: 3, data: { ...sync, state: 'complete' } }));
  expect(client.getQueryState(['accounts'])?.isInvalidated).toBe(true);
  expect(client.getQueryState(['banks'])?.isInvalidated).toBe(false);
});

it('ignores what it does not know', () => {
  const client = new QueryClient();
  applyEvent(client, 'something.new', '{"seq":4}');
  applyEvent(client, 'sync.progress', '{"seq":5,"data":null}');
  expect(client.getQueryCache().getAll()).toHaveLength(0);
});
