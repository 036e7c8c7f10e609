import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take } from './client';
import { queries } from './queries';

/** The answers of a human, by name. They are read when they are sent, and kept nowhere. */
export type Answers = () => Record<string, string>;

/** Begins the registration at a bank, or takes it up where it stopped. */
export function useRegister(bank: string, then: () => void, answers?: Answers) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      take(api.POST('/api/v1/registrations', { body: { bank, ...(answers && { input: answers() }) } })),
    // An answer from before must not come after the one to this.
    onMutate: () => client.cancelQueries({ queryKey: queries.registration(bank).queryKey, exact: true }),
    onSuccess: (registration) => {
      client.setQueryData(queries.registration(bank).queryKey, registration);
      void client.invalidateQueries({ queryKey: ['banks'] });
      then();
    },
  });
}

/** Ends the registration at a bank; the answer says what is left to do there. */
export function useDeregister(bank: string, then: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE('/api/v1/registrations/{bank}', { params: { path: { bank } } })),
    onSuccess: async () => {
      void client.invalidateQueries({ queryKey: ['banks'] });
      void client.invalidateQueries({ queryKey: ['connections'] });
      await client.invalidateQueries({ queryKey: ['registrations', bank] });
      then();
    },
  });
}
