import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Account, Bank } from '../api/client';
import { queries } from '../api/queries';
import { formatMoney, isNegative, totals } from '../format/money';
import { t } from '../messages';
import { ends, leftOf } from '../parts/certificates/standing';
import { Answered, Empty, Stale } from '../parts/states';

/** All accounts with their balances, and what needs the user. */
export function HomePage() {
  const accounts = useQuery(queries.accounts());
  return (
    <div className="space-y-8">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('home.title')}</h1>
        {(accounts.data?.length ?? 0) > 0 && (
          <Link to="/connect" className="button">
            {t('connect.action')}
          </Link>
        )}
      </div>
      <Attention notice={!accounts.isError} />
      <Answered query={accounts}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('home.empty.title')} text={t('home.empty.text')}>
              <Link to="/connect" className="button button-primary">
                {t('connect.action')}
              </Link>
            </Empty>
          ) : (
            <Accounts accounts={all} />
          )
        }
      </Answered>
    </div>
  );
}

/** What needs the user; one notice on the page is enough when nothing can be read. */
function Attention({ notice }: { notice: boolean }) {
  const connections = useQuery(queries.connections());
  const banks = useQuery(queries.banks());
  const certificates = useQuery(queries.certificates());
  const failed = [connections, banks, certificates].filter((query) => query.isError);
  const expired = connections.data?.filter((c) => c.status === 'needs_reauthorisation') ?? [];
  const stopped = banks.data?.filter(({ registration: r }) => stops.has(r.status)) ?? [];
  const ending = certificates.data?.filter(ends) ?? [];
  return (
    <>
      {notice && failed.length > 0 && (
        <Stale onRetry={() => failed.forEach((query) => void query.refetch())} />
      )}
      {expired.length + stopped.length + ending.length > 0 && (
        <section aria-labelledby="attention" className="rounded-xl bg-note-ground p-5">
          <h2 id="attention">{t('home.attention')}</h2>
          <ul className="mt-2 space-y-2">
            {expired.map((c) => (
              <Need key={c.id} who={c.bankName} what={c.message ?? t(`conn.status.${c.status}`)}>
                <Link to="/connect" search={{ bank: c.bank }} className="button">
                  {t('conn.again')}
                </Link>
              </Need>
            ))}
            {stopped.map((b) => (
              <Need key={b.id} who={b.name} what={b.registration.message ?? t('connect.stopped')}>
                <Link to="/registrations/$bank" params={{ bank: b.id }} className="button">
                  {t('home.bank', { bank: b.name })}
                </Link>
              </Need>
            ))}
            {ending.map((c) => (
              <Need key={c.name} who={c.name} what={leftOf(c)}>
                <Link to="/certificates/$name" params={{ name: c.name }} className="button">
                  {t('home.certificate', { name: c.name })}
                </Link>
              </Need>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

const stops: ReadonlySet<Bank['registration']['status']> = new Set(['needs_input', 'failed']);

function Need({ who, what, children }: { who: string; what: string; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-3">
      <span>{t('home.need', { who, what })}</span>
      {children}
    </li>
  );
}

function Accounts({ accounts }: { accounts: readonly Account[] }) {
  const sums = totals(accounts.flatMap((a) => (a.balance ? [a.balance.amount] : [])));
  const banks = [...new Set(accounts.map((a) => a.bankName))];
  return (
    <>
      <section aria-labelledby="total">
        <h2 id="total" className="text-soft">
          {t('home.total')}
        </h2>
        <p className="mt-1 flex flex-wrap gap-x-8 gap-y-1">
          {sums.map((m) => (
            <span key={m.currency} className="money text-3xl font-bold tracking-tight">
              {formatMoney(m)}
            </span>
          ))}
        </p>
      </section>
      {banks.map((bank) => (
        <section key={bank} aria-label={bank}>
          <h2 className="mb-2">{bank}</h2>
          <ul className="card divide-y divide-line">
            {accounts
              .filter((a) => a.bankName === bank)
              .map((a) => (
                <AccountRow key={a.id} account={a} />
              ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function AccountRow({ account }: { account: Account }) {
  const balance = account.balance?.amount;
  return (
    <li>
      <Link
        to="/transactions"
        search={{ account: account.id }}
        className="flex items-center justify-between gap-4 px-5 py-4 hover:bg-ground"
      >
        <span className="min-w-0">
          <span className="block truncate font-semibold">{account.name}</span>
          <span className="block truncate text-sm text-soft">
            {account.identifiers[0]?.value ?? account.product}
          </span>
        </span>
        <span className={`money font-semibold ${balance && isNegative(balance) ? 'text-fault' : ''}`}>
          {balance ? formatMoney(balance) : t('accounts.balance.none')}
        </span>
      </Link>
    </li>
  );
}
