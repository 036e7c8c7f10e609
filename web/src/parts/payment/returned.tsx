import { Link } from '@tanstack/react-router';
import { final, usePayment } from '../../api/payments';
import type { Payment } from '../../api/client';
import { formatMoney } from '../../format/money';
import { t } from '../../messages';
import { Empty } from '../states';
import { Outcome } from './outcome';

/** A payment that came back from the bank. */
export function PaymentOutcome({ payment, signedIn }: { payment: Payment; signedIn: boolean }) {
  if (!signedIn) {
    return (
      <Empty title={t(`pay.status.${payment.status}`)} text={payment.message ?? t('pay.callback.away')}>
        <Link to="/payments/$id" params={{ id: payment.id }} className="button">
          {t('signin.submit')}
        </Link>
      </Empty>
    );
  }
  return <Followed first={payment} />;
}

function Followed({ first }: { first: Payment }) {
  const payment = usePayment(first.id, first).data ?? first;
  const failed = payment.status === 'rejected' || payment.status === 'cancelled';
  return (
    <div className="card space-y-4 p-6">
      <p>
        <span className="money block text-3xl font-bold tracking-tight">{formatMoney(payment.amount)}</span>
        <span className="wrap-anywhere">{t('pay.confirm.to', { name: payment.creditor.name ?? '' })}</span>
      </p>
      {!final(payment) && <progress className="meter" aria-label={t(`pay.status.${payment.status}`)} />}
      <Outcome payment={payment} />
      <div className="flex flex-wrap gap-3">
        <Link to="/payments/$id" params={{ id: payment.id }} className="button button-primary">
          {t('pay.callback.see')}
        </Link>
        {failed && (
          <Link to="/payments/new" className="button">
            {t('pay.callback.again')}
          </Link>
        )}
      </div>
    </div>
  );
}
