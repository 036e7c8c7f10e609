import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take, type Certificate, type CertificateImport, type CertificateOrder } from './client';
import { queries } from './queries';

/** What is done to one certificate, and what it makes stale. */
function useChange<Out, In = void>(call: (input: In) => Promise<Out>, then?: (out: Out) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: call,
    onSuccess: async (out) => {
      for (const key of ['banks', 'registrations']) {
        void client.invalidateQueries({ queryKey: [key] });
      }
      await client.invalidateQueries({ queryKey: queries.certificates().queryKey });
      then?.(out);
    },
  });
}

type Then = (certificate: Certificate) => void;

/** Keeps a key made elsewhere. What `read` brings goes out and is remembered nowhere. */
export function useImport(read: () => Promise<CertificateImport>, then: Then) {
  return useChange(async () => take(api.POST('/api/v1/certificates/import', { body: await read() })), then);
}

export function useIssue(then: Then) {
  return useChange((body: CertificateOrder) => take(api.POST('/api/v1/certificates/issue', { body })), then);
}

export function useRequest() {
  return useChange((body: CertificateOrder) => take(api.POST('/api/v1/certificates/request', { body })));
}

export function useInstall(name: string, then: Then) {
  return useChange(
    (pem: string) =>
      take(api.PUT('/api/v1/certificates/{name}/chain', { params: { path: { name } }, body: { pem } })),
    then,
  );
}

/** Deletes a key. Its own page must not be asked for again: it is gone. */
export function useDelete(name: string, then: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => take(api.DELETE('/api/v1/certificates/{name}', { params: { path: { name } } })),
    onSuccess: async () => {
      then();
      client.removeQueries({ queryKey: queries.certificate(name).queryKey });
      await client.invalidateQueries({ queryKey: queries.certificates().queryKey });
    },
  });
}

export interface Pair {
  readonly bank: string;
  readonly transport: string;
  readonly seal: string;
}

/** Moves the registration at a bank to other certificates; it goes on when the page is left. */
export function useMove() {
  return useChange(({ bank, ...body }: Pair) =>
    take(api.POST('/api/v1/registrations/{bank}/certificates', { params: { path: { bank } }, body })),
  );
}
