import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take, type CredentialChange } from './client';
import { queries } from './queries';

export interface Change {
  readonly group: string;
  readonly body: CredentialChange;
}

/** Saves what was typed. What `read` brings goes out and is remembered nowhere. */
export function useSaveCredential(read: () => Change, then: (group: string) => void) {
  const stale = useStale();
  return useMutation({
    mutationFn: () => {
      const { group, body } = read();
      return take(api.PUT('/api/v1/credentials/{group}', { params: { path: { group } }, body }));
    },
    onSuccess: async ({ group }) => {
      await stale();
      then(group);
    },
  });
}

export function useRemoveCredential(then: (group: string) => void) {
  const stale = useStale();
  return useMutation({
    mutationFn: (group: string) =>
      take(api.DELETE('/api/v1/credentials/{group}', { params: { path: { group } } })),
    onSuccess: async (_, group) => {
      await stale();
      then(group);
    },
  });
}

function useStale() {
  const client = useQueryClient();
  return () => {
    for (const key of ['banks', 'registrations']) {
      void client.invalidateQueries({ queryKey: [key] });
    }
    return client.invalidateQueries({ queryKey: queries.credentials().queryKey });
  };
}
