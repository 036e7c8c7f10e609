import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { api, take, type Connection } from '../api/client';
import { useSync } from '../api/events';
import { callbackParams } from '../callback';
import { t } from '../messages';
import { Empty, Failure, Loading } from '../parts/states';

/** Where the bank sends the user back: its answer is checked, then the accounts are read. */
export function CallbackPage() {
  const sent = useRef(false);
  const finish = useMutation({
    mutationFn: (params: Record<string, string>) => take(api.POST('/api/v1/callback', { body: { params } })),
  });
  const { mutate } = finish;
  useEffect(() => {
    if (sent.current) {
      return;
    }
    sent.current = true;
    const params = callbackParams(window.location);
    // The answer holds a code: it must stay neither in the address bar nor in the history.
    window.history.replaceState(window.history.state, '', '/callback');
    mutate(params);
  }, [mutate]);
  return (
    <div className="mx-auto max-w-xl space-y-6">
      <h1>{t('callback.title')}</h1>
      {finish.isError ? (
        <>
          <Failure error={finish.error} />
          <Link to="/connect" search={{}} className="button">
            {t('callback.again')}
          </Link>
        </>
      ) : finish.data ? (
        <Outcome connection={finish.data} />
      ) : (
        <div>
          <p className="mb-4 text-soft">{t('callback.working')}</p>
          <Loading rows={2} />
        </div>
      )}
    </div>
  );
}

function Outcome({ connection }: { connection: Connection }) {
  const live = useSync(connection.id);
  const sync = live ?? connection.sync;
  if (connection.status !== 'active') {
    return (
      <Empty title={t('callback.refused')} text={connection.message}>
        <Link to="/connect" search={{ bank: connection.bank }} className="button button-primary">
          {t('callback.again')}
        </Link>
      </Empty>
    );
  }
  const total = sync?.accountsTotal ?? 0;
  const done = sync?.accountsDone ?? 0;
  const ended = sync && sync.state !== 'running';
  return (
    <div className="card p-6" aria-live="polite">
      {ended ? (
        <div className="space-y-4">
          <h2>{sync.state === 'failed' ? t('state.error') : t('callback.done')}</h2>
          <p className="text-soft">
            {sync.state === 'failed'
              ? sync.message
              : t('callback.done.text', { accounts: done, seen: sync.seen })}
          </p>
          <Link to="/" className="button button-primary">
            {t('callback.open')}
          </Link>
        </div>
      ) : (
        <div className="space-y-3">
          <h2>{t('callback.reading')}</h2>
          <progress
            className="h-2 w-full accent-navy"
            aria-label={t('callback.reading')}
            max={Math.max(total, 1)}
            value={done}
          />
          <p className="text-soft">{t('callback.progress', { done, total, seen: sync?.seen ?? 0 })}</p>
        </div>
      )}
    </div>
  );
}
