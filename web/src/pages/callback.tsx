import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useRouteContext } from '@tanstack/react-router';
import { useCallback, useEffect, type ReactNode } from 'react';
import { ApiError, api, take, type Connection, type Payment, type Sync } from '../api/client';
import { further, useSync } from '../api/events';
import { queries } from '../api/queries';
import type { Params } from '../callback';
import { t } from '../messages';
import { PaymentOutcome } from '../parts/payment/returned';
import { Empty, Failure, Loading } from '../parts/states';
import { SignInPage } from './signin';

/**
 * Where the bank sends the user back: its answer is checked, then the accounts
 * are read. Everybody may come here, because a connection that a program began
 * is finished in any browser.
 */
export function CallbackPage() {
  const { answer } = useRouteContext({ from: '/callback' });
  const signedIn = useQuery(queries.me()).data?.signedIn ?? false;
  const finish = useMutation({
    mutationFn: ({ params }: { params: Params; signedIn: boolean }) => finishJourney(params),
    onError: (error, { params }) => {
      if (unused(error)) {
        answer.putBack(params);
      }
    },
  });
  const { mutate } = finish;
  const send = useCallback(() => {
    const params = answer.take();
    if (params) {
      mutate({ params, signedIn });
    }
  }, [answer, mutate, signedIn]);
  useEffect(send, [send]); // at once, and again after signing in
  if (finish.isPending || (answer.waiting && finish.variables?.signedIn !== signedIn)) {
    return (
      <Page>
        <p className="text-soft">{t('callback.working')}</p>
        <Loading rows={2} />
      </Page>
    );
  }
  if (finish.isError) {
    if (!signedIn && needsUser(finish.error)) {
      const { params } = finish.variables;
      return <SignInPage lead={t(isPayment(params) ? 'pay.callback.signin' : 'callback.signin')} />;
    }
    return (
      <Page>
        <Failure error={finish.error} onRetry={answer.waiting ? send : undefined} />
        {!answer.waiting &&
          (isPayment(finish.variables.params) ? (
            <Link to="/payments" className="button">
              {t('pay.back')}
            </Link>
          ) : (
            <Link to="/connect" search={{}} className="button">
              {t('callback.again')}
            </Link>
          ))}
      </Page>
    );
  }
  return (
    <Page>
      {!finish.data ? (
        <Empty title={t('callback.nothing')} text={t('callback.nothing.text')}>
          <Link to="/connections" className="button button-primary">
            {t('callback.connections')}
          </Link>
        </Empty>
      ) : 'payment' in finish.data ? (
        <PaymentOutcome payment={finish.data.payment} signedIn={signedIn} />
      ) : (
        <ConnectionOutcome connection={finish.data.connection} signedIn={signedIn} />
      )}
    </Page>
  );
}

/** Whether it is a payment that came back: its state says so. */
function isPayment(params: Params): boolean {
  return params['state']?.startsWith('p.') ?? false;
}

/** Gives the bank's answer to what it belongs to. */
async function finishJourney(
  params: Params,
): Promise<{ readonly payment: Payment } | { readonly connection: Connection }> {
  const body = { params };
  return isPayment(params)
    ? { payment: await take(api.POST('/api/v1/payments/callback', { body })) }
    : { connection: await take(api.POST('/api/v1/callback', { body })) };
}

function ConnectionOutcome({ connection, signedIn }: { connection: Connection; signedIn: boolean }) {
  if (connection.status !== 'active') {
    return <NotConnected connection={connection} />;
  }
  if (!signedIn) {
    return (
      <Empty title={t('callback.done')} text={t('callback.done.away', { bank: connection.bankName })}>
        <Link to="/" className="button">
          {t('signin.submit')}
        </Link>
      </Empty>
    );
  }
  return connection.purpose === 'funds' ? (
    <Askable connection={connection} />
  ) : (
    <Reading connection={connection} />
  );
}

/** A connection that confirms funds: there is nothing to read. */
function Askable({ connection }: { connection: Connection }) {
  return (
    <Empty title={t('callback.done')} text={t('funds.connected', { bank: connection.bankName })}>
      <Link to="/connections" className="button button-primary">
        {t('callback.connections')}
      </Link>
    </Empty>
  );
}

/** Whether the API wants the user who began the connection. */
function needsUser(error: Error): boolean {
  const code = error instanceof ApiError ? error.problem?.code : undefined;
  return code === 'forbidden' || code === 'unauthenticated';
}

/** Whether the bank's answer can still be used after an error. */
function unused(error: Error): boolean {
  return needsUser(error) || (error instanceof ApiError && error.problem === undefined);
}

function Page({ children }: { children: ReactNode }) {
  return (
    <div className="mx-auto max-w-xl space-y-6">
      <h1>{t('callback.title')}</h1>
      {children}
    </div>
  );
}

function NotConnected({ connection }: { connection: Connection }) {
  return (
    <Empty title={t('callback.refused')} text={connection.message}>
      <Link to="/connect" search={{ bank: connection.bank }} className="button button-primary">
        {t('callback.again')}
      </Link>
    </Empty>
  );
}

/** The first sync of a connection, as far as it has come. */
function Reading({ connection }: { connection: Connection }) {
  const live = useSync(connection.id);
  // Events are quicker, but their stream can be cut.
  const asked = useQuery({
    ...queries.connection(connection.id),
    refetchInterval: ({ state }) => (ended(further(live, state.data?.sync)) ? false : 2000),
  });
  const now = asked.data ?? connection;
  const sync = further(live, now.sync);
  if (now.status !== 'active') {
    return <NotConnected connection={now} />;
  }
  const total = sync?.accountsTotal ?? 0;
  const done = sync?.accountsDone ?? 0;
  return (
    <div className="card p-6" aria-live="polite">
      {sync && ended(sync) ? (
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
            className="meter"
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

function ended(sync: Sync | undefined): boolean {
  return sync !== undefined && sync.state !== 'running';
}
