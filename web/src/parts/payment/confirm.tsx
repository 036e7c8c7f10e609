import { useEffect, useRef } from 'react';
import type { Bank, PaymentOrder } from '../../api/client';
import { formatMoney } from '../../format/money';
import { t } from '../../messages';
import { Facts } from '../facts';
import { Failure } from '../states';
import { TestUsers } from '../testusers';
import { numberOf } from './facts';
import { schemeName } from './status';

interface Props {
  order: PaymentOrder;
  bank: Bank;
  busy: boolean;
  error: Error | null;
  onGo: () => void;
  onChange: () => void;
}

/** How much goes to whom, before the user leaves for the bank. */
export function ConfirmPayment({ order, bank, busy, error, onGo, onChange }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <h1 ref={heading} tabIndex={-1} className="outline-none">
        {t('pay.confirm.title')}
      </h1>
      <div className="card space-y-4 p-6">
        <p>
          <span className="money block text-3xl font-bold tracking-tight">{formatMoney(order.amount)}</span>
          <span className="text-lg wrap-anywhere">
            {t('pay.confirm.to', { name: order.creditor.name ?? '' })}
          </span>
        </p>
        <Facts
          lines={[
            [t('pay.account'), numberOf(order.creditor.identifier?.value)],
            [t('pay.agent'), order.creditor.agent],
            [t('pay.debtor'), numberOf(order.debtor?.value) ?? t('pay.debtor.choose')],
            [t('pay.information'), order.information],
            [t('pay.reference'), order.reference],
            [t('pay.scheme'), schemeName(order.scheme)],
          ]}
        />
        <p className="text-soft">{t('pay.confirm.next', { bank: bank.name })}</p>
        {error && <Failure error={error} />}
        <div className="flex flex-wrap gap-3">
          <button type="button" className="button button-primary" disabled={busy} onClick={onGo}>
            {t('pay.confirm.go', { bank: bank.name })}
          </button>
          <button type="button" className="button" disabled={busy} onClick={onChange}>
            {t('pay.confirm.change')}
          </button>
        </div>
      </div>
      <TestUsers bank={bank} />
    </>
  );
}
