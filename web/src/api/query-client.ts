import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './client';
import { queries } from './queries';

/** The cache of everything the platform answered. */
export function makeQueryClient(): QueryClient {
  // A session can end at any time; who is signed in is then asked again, and the shell shows the way in.
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.problem?.code === 'unauthenticated') {
      void client.invalidateQueries({ queryKey: queries.me().queryKey });
    }
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A refusal stays a refusal; only silence is worth asking again.
        retry: (count, error) => count < 2 && error instanceof ApiError && error.problem === undefined,
      },
    },
  });
  return client;
}
