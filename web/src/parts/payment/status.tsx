import type { Payment } from '../../api/client';
import { t, type MessageKey } from '../../messages';
import { Mark, type Tone } from '../mark';

const tones: Readonly<Record<Payment['status'], Tone>> = {
  awaiting_authorisation: 'ask',
  authorised: 'busy',
  pending: 'busy',
  accepted: 'busy',
  completed: 'ok',
  rejected: 'fault',
  cancelled: 'none',
};

/** How far a payment has come: a sign and words. */
export function PaymentStatus({ status }: { status: Payment['status'] }) {
  return (
    <span className="inline-flex items-center gap-2 align-top font-semibold">
      <Mark tone={tones[status]} />
      {t(`pay.status.${status}`)}
    </span>
  );
}

export const schemes = ['sepa', 'sepa_instant', 'domestic', 'international', 'book_transfer'] as const;

export function schemeName(scheme: string): string {
  const known = schemes.find((s) => s === scheme);
  return known ? t(`pay.scheme.${known}` satisfies MessageKey) : scheme;
}
