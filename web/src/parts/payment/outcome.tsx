import { moves } from '../../api/payments';
import type { Payment } from '../../api/client';
import { t } from '../../messages';
import { PaymentStatus } from './status';

/** How a payment stands and why; said aloud when it changes. */
export function Outcome({ payment: p }: { payment: Payment }) {
  return (
    <div role="status" className="space-y-3">
      <p>
        <PaymentStatus status={p.status} />
      </p>
      {p.message && (
        <div className={`rounded-xl p-4 ${p.status === 'rejected' ? 'bg-fault-ground' : 'bg-note-ground'}`}>
          <h3 className="text-sm font-semibold">{t('pay.why')}</h3>
          <p className="first-letter:uppercase wrap-anywhere">{p.message}</p>
        </div>
      )}
      {moves(p) && <p className="text-soft">{t('pay.follow')}</p>}
    </div>
  );
}
