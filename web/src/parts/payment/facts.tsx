import type { Payment } from '../../api/client';
import { formatInstant } from '../../format/date';
import { groupIBAN, isIBAN } from '../../format/iban';
import { formatMoney } from '../../format/money';
import { t } from '../../messages';
import { Facts } from '../facts';
import { schemeName } from './status';

/** An account number for reading. */
export function numberOf(value: string | undefined): string | undefined {
  return value && isIBAN(value) ? groupIBAN(value) : value;
}

/** Everything the platform knows of one payment. */
export function PaymentFacts({ payment: p }: { payment: Payment }) {
  return (
    <Facts
      lines={[
        [t('pay.amount'), formatMoney(p.amount)],
        [t('pay.creditor'), p.creditor.name],
        [t('pay.account'), numberOf(p.creditor.identifier?.value)],
        [t('pay.agent'), p.creditor.agent],
        [t('pay.bank'), p.bankName],
        [t('pay.debtor'), numberOf(p.debtor?.value) ?? t('pay.debtor.chosen')],
        [t('pay.information'), p.information],
        [t('pay.reference'), p.reference],
        [t('pay.scheme'), schemeName(p.scheme)],
        [t('pay.bankstatus'), p.bankStatus && <code>{p.bankStatus}</code>],
        [t('pay.created'), formatInstant(p.created)],
        [t('pay.updated'), formatInstant(p.updated)],
        [t('pay.id'), <code key="id">{p.id}</code>],
      ]}
    />
  );
}
