import type { Transaction } from '../api/client';
import { formatDay, formatInstant } from '../format/date';
import { formatMoney } from '../format/money';
import { t } from '../messages';
import { Modal } from './modal';

/** Everything the ledger knows of one transaction. */
export function TransactionDetail({ row, onClose }: { row: Transaction; onClose: () => void }) {
  const status = {
    booked: t('tx.status.booked'),
    pending: t('tx.pending'),
    vanished: t('tx.vanished'),
    rejected: t('tx.rejected'),
  }[row.status];
  const lines: readonly [string, string | undefined][] = [
    [t('tx.status'), status],
    [t('tx.booked'), row.bookingDate && formatDay(row.bookingDate)],
    [t('tx.value'), row.valueDate && formatDay(row.valueDate)],
    [t('tx.info'), row.information],
    [t('tx.counterparty'), row.counterparty?.name],
    [t('tx.number'), row.counterparty?.identifier?.value],
    [t('tx.merchant'), row.merchant?.name],
    [
      t('tx.exchange'),
      row.exchange &&
        t('tx.exchange.value', { amount: formatMoney(row.exchange.instructed), rate: row.exchange.rate }),
    ],
    [t('tx.reference'), row.reference],
    [t('tx.bankid'), row.bankId],
    [t('tx.seen'), formatInstant(row.firstSeen)],
  ];
  return (
    <Modal
      title={row.merchant?.name ?? row.counterparty?.name ?? row.information ?? t('tx.unknown')}
      onClose={onClose}
    >
      <p className="money mt-1 text-3xl font-bold tracking-tight">
        {formatMoney(row.amount, { plus: true })}
      </p>
      <dl className="mt-4 divide-y divide-line border-t border-line">
        {lines
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={label} className="flex justify-between gap-6 py-2.5">
              <dt className="shrink-0 text-soft">{label}</dt>
              <dd className="text-right wrap-anywhere">{value}</dd>
            </div>
          ))}
      </dl>
      <button type="button" className="button mt-5 w-full" onClick={onClose}>
        {t('tx.close')}
      </button>
    </Modal>
  );
}
