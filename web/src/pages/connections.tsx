import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, take, type Connection } from '../api/client';
import { useSync } from '../api/events';
import { queries } from '../api/queries';
import { formatDate, formatInstant } from '../format/date';
import { t } from '../messages';
import { AskFunds } from '../parts/connect/askfunds';
import { Confirm } from '../parts/confirm';
import { Answered, Empty, Failure } from '../parts/states';

/** Every consent: what it covers, until when, and how to end it. */
export function ConnectionsPage() {
  const connections = useQuery(queries.connections());
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('conn.title')}</h1>
        <Link to="/connect" search={{}} className="button button-primary">
          {t('connect.action')}
        </Link>
      </div>
      <Answered query={connections}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('conn.empty')} text={t('home.empty.text')} />
          ) : (
            <ul className="space-y-4">
              {all.map((c) => (
                <ConnectionCard key={c.id} connection={c} />
              ))}
            </ul>
          )
        }
      </Answered>
    </div>
  );
}

function ConnectionCard({ connection: c }: { connection: Connection }) {
  const client = useQueryClient();
  const live = useSync(c.id);
  const sync = useMutation({
    mutationFn: () => take(api.POST('/api/v1/connections/{id}/sync', { params: { path: { id: c.id } } })),
  });
  const revoke = useMutation({
    mutationFn: () => take(api.DELETE('/api/v1/connections/{id}', { params: { path: { id: c.id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections'] }),
  });
  const funds = c.purpose === 'funds';
  const running = live?.state === 'running';
  const note = c.message ?? (live ?? c.sync)?.message;
  return (
    <li className="card p-5">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div>
          <h2>{c.bankName}</h2>
          {funds && <p className="text-sm text-soft">{t('funds.connection')}</p>}
          <p className="font-semibold">{t(`conn.status.${c.status}`)}</p>
          <p className="text-sm text-soft">
            {[
              c.accounts > 0 && t('conn.accounts', { n: c.accounts }),
              c.status === 'active' &&
                (c.expires ? t('conn.until', { date: formatDate(c.expires) }) : t('conn.nolimit')),
              !funds &&
                (c.lastSync ? t('conn.synced', { date: formatInstant(c.lastSync) }) : t('conn.never')),
            ]
              .filter(Boolean)
              .join(' · ')}
          </p>
          <p aria-live="polite" className="text-sm text-soft">
            {running &&
              t('conn.syncing', { done: live.accountsDone, total: live.accountsTotal, seen: live.seen })}
          </p>
          {note && !running && <p className="mt-1 text-sm">{note}</p>}
        </div>
        <div className="flex flex-wrap gap-2">
          {c.status === 'active' && !funds && (
            <button
              type="button"
              className="button"
              disabled={running || sync.isPending}
              onClick={() => sync.mutate()}
            >
              {t('conn.sync')}
            </button>
          )}
          {c.status === 'awaiting_user' && c.redirect && (
            <a className="button" href={c.redirect}>
              {t('conn.continue')}
            </a>
          )}
          {(c.status === 'needs_reauthorisation' || c.status === 'refused' || c.status === 'revoked') && (
            <Link to="/connect" search={{ bank: c.bank }} className="button">
              {t('conn.again')}
            </Link>
          )}
          {(c.status === 'active' || c.status === 'needs_reauthorisation') && (
            <Confirm
              action={t('conn.revoke')}
              disabled={revoke.isPending}
              title={t('conn.revoke.title', { bank: c.bankName })}
              text={t('conn.revoke.text')}
              yes={t('conn.revoke.yes')}
              onConfirm={() => revoke.mutate()}
            />
          )}
        </div>
      </div>
      {funds && c.status === 'active' && <AskFunds connection={c} />}
      {(sync.isError || revoke.isError) && <Failure error={sync.error ?? revoke.error} />}
    </li>
  );
}
