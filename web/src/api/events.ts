import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { Sync } from './client';

const syncKey = (connection: string) => ['sync', connection];

const syncEvents = ['sync.progress', 'sync.finished', 'sync.failed'] as const;

/** What each event makes stale. */
const stale: Readonly<Record<string, readonly string[]>> = {
  'registration.requested': ['banks', 'registrations'],
  'registration.changed': ['banks', 'registrations', 'credentials'],
  'connection.created': ['connections'],
  'connection.authorised': ['connections'],
  'connection.changed': ['connections'],
  'payment.created': ['payments'],
  'payment.authorised': ['payments'],
  'payment.changed': ['payments'],
  'certificate.expiring': ['certificates', 'banks', 'registrations'],
  'certificate.revoked': ['certificates', 'banks', 'registrations'],
  'sync.finished': ['connections', 'accounts', 'transactions'],
  'sync.failed': ['connections'],
};

/** Takes one event of the stream in. */
export function applyEvent(client: QueryClient, type: string, text: string): void {
  const event: unknown = JSON.parse(text);
  if ((syncEvents as readonly string[]).includes(type) && hasSync(event)) {
    client.setQueryData(syncKey(event.data.connection), event.data);
  }
  for (const key of stale[type] ?? []) {
    void client.invalidateQueries({ queryKey: [key] });
  }
}

function hasSync(event: unknown): event is { data: Sync } {
  if (typeof event !== 'object' || event === null || !('data' in event)) {
    return false;
  }
  const { data } = event;
  return typeof data === 'object' && data !== null && 'connection' in data && 'state' in data;
}

/** Follows the platform's events while the user is signed in. */
export function useEvents(): void {
  const client = useQueryClient();
  useEffect(() => {
    const source = new EventSource('/api/v1/events');
    const listen = (e: MessageEvent<string>) => applyEvent(client, e.type, e.data);
    const types = new Set<string>([...Object.keys(stale), ...syncEvents]);
    types.forEach((type) => source.addEventListener(type, listen));
    return () => source.close();
  }, [client]);
}

/** Of two words about a connection's sync, the one that has come further. */
export function further(a: Sync | undefined, b: Sync | undefined): Sync | undefined {
  if (!a || !b) {
    return a ?? b;
  }
  if (a.id !== b.id) {
    return Date.parse(a.started) > Date.parse(b.started) ? a : b;
  }
  if ((a.state === 'running') !== (b.state === 'running')) {
    return a.state === 'running' ? b : a;
  }
  return a.seen + a.accountsDone > b.seen + b.accountsDone ? a : b;
}

/** The sync of a connection as its events tell it; undefined before the first. */
export function useSync(connection: string | undefined): Sync | undefined {
  const client = useQueryClient();
  return useSyncExternalStore(
    (changed) => client.getQueryCache().subscribe(changed),
    () => (connection ? client.getQueryData<Sync>(syncKey(connection)) : undefined),
  );
}
