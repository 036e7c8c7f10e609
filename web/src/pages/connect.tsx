import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api, take, type Bank } from '../api/client';
import { queries } from '../api/queries';
import { t } from '../messages';
import { Answered, Empty, Failure } from '../parts/states';

/** Choose a bank, see what it will share, and go there. */
export function ConnectPage() {
  const { bank: chosen } = useSearch({ from: '/connect' });
  const banks = useQuery(queries.banks());
  return (
    <Answered query={banks}>
      {(all) => {
        const bank = all.find((b) => b.id === chosen);
        if (!bank) {
          return <BankList banks={all} />;
        }
        return bank.registration.status === 'registered' ? <Consent bank={bank} /> : <OneBank bank={bank} />;
      }}
    </Answered>
  );
}

function BankList({ banks }: { banks: readonly Bank[] }) {
  const [words, setWords] = useState('');
  const found = banks.filter((b) =>
    `${b.name} ${b.country} ${b.bic ?? ''}`.toLowerCase().includes(words.toLowerCase()),
  );
  return (
    <div className="space-y-6">
      <div>
        <h1>{t('connect.title')}</h1>
        <p className="mt-2 text-soft">{t('connect.lead')}</p>
      </div>
      <input
        type="search"
        className="field"
        aria-label={t('connect.search')}
        placeholder={t('connect.search')}
        value={words}
        onChange={(e) => setWords(e.target.value)}
      />
      {found.length === 0 ? (
        <Empty title={t('connect.none')} />
      ) : (
        <ul className="space-y-3">
          {found.map((b) => (
            <BankCard key={b.id} bank={b} />
          ))}
        </ul>
      )}
    </div>
  );
}

/** A bank that was chosen and that we are not registered at. */
function OneBank({ bank }: { bank: Bank }) {
  return (
    <div className="space-y-6">
      <h1>{t('connect.title')}</h1>
      <ul>
        <BankCard bank={bank} />
      </ul>
      <Link to="/connect" search={{}} className="button">
        {t('consent.back')}
      </Link>
    </div>
  );
}

function BankCard({ bank }: { bank: Bank }) {
  const navigate = useNavigate();
  const { status, message } = bank.registration;
  const ready = status === 'registered';
  const running = status === 'running' || status === 'waiting_for_bank';
  return (
    <li className="card p-5">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div className="flex-1 basis-64">
          <h2>{bank.name}</h2>
          <p className="text-sm text-soft">
            {bank.country} · {bank.standard} {bank.version} ·{' '}
            {ready
              ? t('connect.registered')
              : running
                ? t('connect.running')
                : status === 'failed' || status === 'needs_input'
                  ? t('connect.stopped')
                  : t('connect.unregistered')}
          </p>
          {bank.about && <p className="mt-1 text-soft">{bank.about}</p>}
        </div>
        {ready ? (
          <button
            type="button"
            className="button button-primary"
            onClick={() => void navigate({ to: '/connect', search: { bank: bank.id } })}
          >
            {t('connect.choose', { bank: bank.name })}
          </button>
        ) : (
          <Link to="/registrations/$bank" params={{ bank: bank.id }} className="button">
            {status === 'not_registered'
              ? t('connect.register', { bank: bank.name })
              : t('connect.registration', { bank: bank.name })}
          </Link>
        )}
      </div>
      {message && <p className="mt-3 font-semibold text-fault">{message}</p>}
    </li>
  );
}

function Consent({ bank }: { bank: Bank }) {
  const [days, setDays] = useState(90);
  const connect = useMutation({
    mutationFn: () => take(api.POST('/api/v1/connections', { body: { bank: bank.id, days } })),
    onSuccess: (connection) => {
      if (connection.redirect) {
        window.location.assign(connection.redirect);
      }
    },
  });
  return (
    <div className="mx-auto max-w-xl space-y-6">
      <h1>{t('consent.title', { bank: bank.name })}</h1>
      <div className="card p-6">
        <ul className="list-disc space-y-1 pl-5">
          <li>{t('consent.accounts')}</li>
          <li>{t('consent.balances')}</li>
          <li>{t('consent.transactions')}</li>
        </ul>
        <p className="mt-4 text-soft">{t('consent.never')}</p>
        <fieldset className="mt-6">
          <legend className="font-semibold">{t('consent.days')}</legend>
          <div className="mt-2 flex flex-wrap gap-x-6 gap-y-2">
            {[30, 90, 180].map((n) => (
              <label key={n} className="flex min-h-11 items-center gap-2">
                <input
                  type="radio"
                  name="days"
                  className="size-5 accent-navy"
                  checked={days === n}
                  onChange={() => setDays(n)}
                />
                {t('consent.days.n', { n })}
              </label>
            ))}
          </div>
        </fieldset>
        <div className="mt-6 flex flex-wrap gap-3">
          <button
            type="button"
            className="button button-primary"
            disabled={connect.isPending}
            onClick={() => connect.mutate()}
          >
            {t('consent.go', { bank: bank.name })}
          </button>
          <Link to="/connect" search={{}} className="button">
            {t('consent.back')}
          </Link>
        </div>
      </div>
      {connect.isError && <Failure error={connect.error} />}
      {bank.testUsers.length > 0 && (
        <section aria-labelledby="users" className="text-sm text-soft">
          <h2 id="users">{t('consent.users')}</h2>
          <ul className="mt-1 space-y-1">
            {bank.testUsers.map((u) => (
              <li key={u.login}>{t('consent.user', u)}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
