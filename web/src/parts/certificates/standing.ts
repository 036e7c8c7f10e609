import type { Certificate } from '../../api/client';
import { t } from '../../messages';
import type { Tone } from '../mark';

/** Days before its end at which a certificate needs somebody. */
const soon = 30;

type Part = Pick<Certificate, 'daysLeft' | 'revocation' | 'warnings'>;

/** How it stands, worst first. */
export function toneOf({ daysLeft, revocation, warnings }: Part): Tone {
  if (daysLeft === undefined) {
    return 'none';
  }
  if (daysLeft < 0 || revocation === 'revoked') {
    return 'fault';
  }
  return daysLeft <= soon || warnings.length > 0 ? 'ask' : 'ok';
}

/** What is left of it, in words. */
export function leftOf({ daysLeft: n, revocation }: Omit<Part, 'warnings'>): string {
  if (n === undefined) {
    return t('cert.left.none');
  }
  if (revocation === 'revoked') {
    return t('cert.left.revoked');
  }
  // -1 is what ended within the last day.
  if (n < 0) {
    const ago = -n - 1;
    return ago === 0
      ? t('cert.left.ended')
      : ago === 1
        ? t('cert.left.ended.day')
        : t('cert.left.ended.days', { n: ago });
  }
  return n === 0 ? t('cert.left.today') : n === 1 ? t('cert.left.day') : t('cert.left.days', { n });
}

/** Whether it has ended, or will before long. */
export function ends({ daysLeft }: Pick<Certificate, 'daysLeft'>): boolean {
  return daysLeft !== undefined && daysLeft <= soon;
}

const roles = {
  PSP_AI: 'cert.role.PSP_AI',
  PSP_PI: 'cert.role.PSP_PI',
  PSP_IC: 'cert.role.PSP_IC',
  PSP_AS: 'cert.role.PSP_AS',
} as const;

/** A role for reading, with its code. */
export function roleName(code: string): string {
  const key = code in roles ? roles[code as keyof typeof roles] : undefined;
  return key ? t('cert.role', { role: t(key), code }) : code;
}

/** What the authority that licensed the organisation is called. */
export function authorityOf({ ncaName, ncaId }: Pick<Certificate, 'ncaName' | 'ncaId'>): string {
  return [ncaName, ncaId].filter(Boolean).join(', ');
}
