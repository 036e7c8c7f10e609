import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError, api, take, type Bank, type ConnectOrder } from '../../api/client';
import { isIBAN, tidyIBAN } from '../../format/iban';
import { t } from '../../messages';
import { Choice } from '../choice';
import { IBANInput } from '../ibaninput';
import { Failure } from '../states';
import { TestUsers } from '../testusers';

type Purpose = 'accounts' | 'funds';

/** What the bank will share, for how long, and the way there. */
export function Consent({ bank }: { bank: Bank }) {
  const [purpose, setPurpose] = useState<Purpose>('accounts');
  const [days, setDays] = useState(90);
  const [account, setAccount] = useState('');
  const connect = useMutation({
    mutationFn: (body: ConnectOrder) => take(api.POST('/api/v1/connections', { body })),
    onSuccess: (connection) => {
      if (connection.redirect) {
        window.location.assign(connection.redirect);
      }
    },
  });
  const funds = purpose === 'funds';
  const go = () =>
    connect.mutate(
      funds
        ? { bank: bank.id, purpose, ...(account.trim() && { account: tidyIBAN(account) }) }
        : { bank: bank.id, days },
    );
  const refused = connect.error instanceof ApiError ? connect.error.field('account') : undefined;
  return (
    <div className="mx-auto max-w-xl space-y-6">
      <h1>{t(funds ? 'funds.title' : 'consent.title', { bank: bank.name })}</h1>
      <form
        className="card space-y-6 p-6"
        onSubmit={(e) => {
          e.preventDefault();
          if (!funds || account.trim() === '' || isIBAN(account)) {
            go();
          }
        }}
      >
        {bank.offers.includes('funds') && (
          <Choice
            legend={t('funds.purpose')}
            name="purpose"
            value={purpose}
            onChange={setPurpose}
            options={[
              { value: 'accounts', label: t('funds.purpose.accounts') },
              { value: 'funds', label: t('funds.purpose.funds') },
            ]}
          />
        )}
        {funds ? (
          <>
            <Shared lines={[t('funds.what')]} never={t('funds.never')} />
            <IBANInput
              name="account"
              label={t('funds.account')}
              hint={t('pay.from.hint')}
              required={false}
              value={account}
              fault={refused}
              onChange={(e) => setAccount(e.target.value)}
            />
          </>
        ) : (
          <>
            <Shared
              lines={[t('consent.accounts'), t('consent.balances'), t('consent.transactions')]}
              never={t('consent.never')}
            />
            <Choice
              legend={t('consent.days')}
              name="days"
              value={`${days}`}
              onChange={(n) => setDays(Number(n))}
              options={['30', '90', '180'].map((n) => ({ value: n, label: t('consent.days.n', { n }) }))}
            />
          </>
        )}
        <div className="flex flex-wrap gap-3">
          <button className="button button-primary" disabled={connect.isPending}>
            {t('consent.go', { bank: bank.name })}
          </button>
          <Link to="/connect" search={{}} className="button">
            {t('consent.back')}
          </Link>
        </div>
      </form>
      {connect.isError && !refused && <Failure error={connect.error} />}
      <TestUsers bank={bank} />
    </div>
  );
}

function Shared({ lines, never }: { lines: readonly string[]; never: string }) {
  return (
    <div>
      <ul className="list-disc space-y-1 pl-5">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p className="mt-4 text-soft">{never}</p>
    </div>
  );
}
