import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { moves } from '../api/payments';
import type { Payment } from '../api/client';
import { queries } from '../api/queries';
import { formatInstant } from '../format/date';
import { formatMoney } from '../format/money';
import { t } from '../messages';
import { PaymentStatus } from '../parts/payment/status';
import { Answered, Empty } from '../parts/states';

/** Every payment, newest first. */
export function PaymentsPage() {
  const payments = useQuery({
    ...queries.payments(),
    refetchInterval: ({ state }) => (state.data?.some(moves) ? 5000 : false),
  });
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('pay.title')}</h1>
        <Link to="/payments/new" className="button button-primary">
          {t('pay.action')}
        </Link>
      </div>
      <Answered query={payments}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('pay.empty')} text={t('pay.empty.text')} />
          ) : (
            <ul className="card divide-y divide-line overflow-hidden">
              {all.map((p) => (
                <Row key={p.id} payment={p} />
              ))}
            </ul>
          )
        }
      </Answered>
    </div>
  );
}

function Row({ payment: p }: { payment: Payment }) {
  return (
    <li>
      <Link
        to="/payments/$id"
        params={{ id: p.id }}
        className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-5 py-4 hover:bg-ground focus-visible:-outline-offset-2"
      >
        <span className="min-w-0 flex-1">
          <span className="block truncate font-semibold">{p.creditor.name}</span>
          <span className="block text-sm text-soft">
            {t('pay.by', { bank: p.bankName, date: formatInstant(p.created) })}
          </span>
        </span>
        <span className="money font-semibold">{formatMoney(p.amount)}</span>
        <span className="w-full text-sm">
          <PaymentStatus status={p.status} />
        </span>
      </Link>
    </li>
  );
}
