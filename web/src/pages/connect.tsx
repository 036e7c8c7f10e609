import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Bank } from '../api/client';
import { queries } from '../api/queries';
import { t } from '../messages';
import { Consent } from '../parts/connect/consent';
import { Answered, Empty } from '../parts/states';

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
