import type { PaymentOrder } from '../../api/client';
import { amountFault, tidyAmount } from '../../format/amount';
import { isIBAN, tidyIBAN } from '../../format/iban';
import { t } from '../../messages';

/** A payment as it is typed. */
export interface Draft {
  readonly bank: string;
  readonly scheme: PaymentOrder['scheme'];
  readonly amount: string;
  readonly currency: string;
  readonly name: string;
  readonly iban: string;
  readonly bic: string;
  readonly from: string;
  readonly about: 'information' | 'reference';
  readonly text: string;
}

export const emptyDraft: Draft = {
  bank: '',
  scheme: 'sepa',
  amount: '',
  currency: 'EUR',
  name: '',
  iban: '',
  bic: '',
  from: '',
  about: 'information',
  text: '',
};

/** Whether the scheme moves euro alone. */
export function euroOnly(scheme: PaymentOrder['scheme']): boolean {
  return scheme === 'sepa' || scheme === 'sepa_instant';
}

export type Faults = Partial<Record<keyof Draft, string>>;

/** What is wrong with it, by field. */
export function faultsOf(draft: Draft): Faults {
  const { amount, name, iban, from } = draft;
  const currency = currencyOf(draft);
  const faults: Faults = {};
  const fault = amountFault(amount, currency);
  if (fault) {
    faults.amount = fault === 'amount' ? t('pay.amount.wrong') : t('pay.amount.decimals', { currency });
  }
  if (!/^[A-Z]{3}$/.test(currency)) {
    faults.currency = t('pay.currency.wrong');
  }
  if (!name.trim()) {
    faults.name = t('pay.name.wrong');
  }
  if (!isIBAN(iban)) {
    faults.iban = iban.trim() ? t('pay.iban.wrong') : t('pay.iban.missing');
  }
  if (from.trim() && !isIBAN(from)) {
    faults.from = t('pay.iban.wrong');
  }
  return faults;
}

function currencyOf({ scheme, currency }: Draft): string {
  return euroOnly(scheme) ? 'EUR' : currency.trim().toUpperCase();
}

/** As the API takes it. */
export function orderOf(draft: Draft): PaymentOrder {
  const { bank, scheme, amount, name, iban, bic, from, about, text } = draft;
  return {
    bank,
    scheme,
    amount: { amount: tidyAmount(amount), currency: currencyOf(draft) },
    creditor: {
      name: name.trim(),
      identifier: { scheme: 'IBAN', value: tidyIBAN(iban) },
      ...(scheme === 'international' && bic.trim() && { agent: bic.trim().toUpperCase() }),
    },
    ...(from.trim() && { debtor: { scheme: 'IBAN', value: tidyIBAN(from) } }),
    ...(text.trim() && { [about]: text.trim() }),
  };
}

const fields: readonly (readonly [string, keyof Draft])[] = [
  ['amount', 'amount'],
  ['creditor.name', 'name'],
  ['creditor.identifier', 'iban'],
  ['creditor.agent', 'bic'],
  ['debtor', 'from'],
  ['information', 'text'],
  ['reference', 'text'],
  ['scheme', 'scheme'],
];

/** What the platform found wrong, by field of the form. */
export function refusedFields(field: (name: string) => string | undefined): Faults {
  return Object.fromEntries(
    fields.flatMap(([theirs, ours]) => {
      const message = field(theirs);
      return message ? [[ours, message] as const] : [];
    }),
  );
}
