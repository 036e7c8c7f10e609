import { useParams } from '@tanstack/react-router';
import { usePayment } from '../api/payments';
import { formatMoney } from '../format/money';
import { t } from '../messages';
import { Back } from '../parts/back';
import { PaymentFacts } from '../parts/payment/facts';
import { Outcome } from '../parts/payment/outcome';
import { Answered } from '../parts/states';

/** One payment, followed to its end. */
export function PaymentPage() {
  const { id } = useParams({ from: '/payments/$id' });
  const payment = usePayment(id);
  return (
    <div className="mx-auto max-w-2xl space-y-6">
      <Back to="/payments" label={t('pay.back')} />
      <Answered query={payment}>
        {(p) => (
          <>
            <div>
              <h1 className="money">{formatMoney(p.amount)}</h1>
              <p className="mt-1 text-soft wrap-anywhere">{t('pay.to', { name: p.creditor.name ?? '' })}</p>
            </div>
            <section aria-label={t('pay.detail')} className="card space-y-4 p-5">
              <Outcome payment={p} />
              {p.redirect && (
                <a className="button button-primary" href={p.redirect}>
                  {t('pay.continue')}
                </a>
              )}
            </section>
            <div className="card px-5 py-3">
              <PaymentFacts payment={p} />
            </div>
          </>
        )}
      </Answered>
    </div>
  );
}
