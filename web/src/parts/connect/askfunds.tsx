import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, api, take, type Connection, type Money } from '../../api/client';
import { amountFault, tidyAmount } from '../../format/amount';
import { formatInstant } from '../../format/date';
import { formatMoney } from '../../format/money';
import { t } from '../../messages';
import { Input } from '../input';
import { Mark } from '../mark';
import { Failure } from '../states';

/** Asks the bank whether an amount is there, and says yes or no. */
export function AskFunds({ connection: c }: { connection: Connection }) {
  const [amount, setAmount] = useState('');
  const [currency, setCurrency] = useState('EUR');
  const [wrong, setWrong] = useState<string>();
  const ask = useMutation({
    mutationFn: (money: Money) =>
      take(
        api.POST('/api/v1/connections/{id}/funds', {
          params: { path: { id: c.id } },
          body: { amount: money },
        }),
      ),
  });
  const refused = ask.error instanceof ApiError ? ask.error.field('amount') : undefined;
  return (
    <form
      noValidate
      aria-label={t('funds.ask.title')}
      autoComplete="off"
      className="mt-4 max-w-md space-y-3 border-t border-line pt-4"
      onSubmit={(e) => {
        e.preventDefault();
        const code = currency.trim().toUpperCase();
        const fault = amountFault(amount, code);
        setWrong(
          fault &&
            (fault === 'amount' ? t('pay.amount.wrong') : t('pay.amount.decimals', { currency: code })),
        );
        if (fault) {
          ask.reset();
          e.currentTarget.querySelector('input')?.focus();
        } else {
          ask.mutate({ amount: tidyAmount(amount), currency: code });
        }
      }}
    >
      <h3 className="font-semibold">{t('funds.ask.title')}</h3>
      <div className="grid grid-cols-[1fr_7rem] gap-3">
        <Input
          name="amount"
          label={t('pay.amount')}
          inputMode="decimal"
          value={amount}
          fault={wrong ?? refused}
          onChange={(e) => setAmount(e.target.value)}
        />
        <Input
          name="currency"
          label={t('pay.currency')}
          maxLength={3}
          spellCheck={false}
          value={currency}
          onChange={(e) => setCurrency(e.target.value)}
        />
      </div>
      <button className="button" disabled={ask.isPending}>
        {t('funds.ask', { bank: c.bankName })}
      </button>
      <div role="status">
        {ask.data && (
          <>
            <p className="flex items-center gap-2 font-semibold">
              <Mark tone={ask.data.available ? 'ok' : 'fault'} />
              {t(ask.data.available ? 'funds.yes' : 'funds.no', { amount: formatMoney(ask.data.amount) })}
            </p>
            <p className="text-sm text-soft">{t('funds.at', { date: formatInstant(ask.data.at) })}</p>
          </>
        )}
      </div>
      {ask.isError && !refused && <Failure error={ask.error} />}
    </form>
  );
}
