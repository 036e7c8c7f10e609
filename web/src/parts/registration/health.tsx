import type { CertificateHealth, CredentialHealth, RegistrationHealth } from '../../api/client';
import { daysUntil, formatDate } from '../../format/date';
import { t } from '../../messages';
import { Mark, type Tone } from '../mark';

const tones: Readonly<Record<'ok' | 'warn' | 'fail', Tone>> = { ok: 'ok', warn: 'ask', fail: 'fault' };

function daysLeft(until: string): string {
  const days = daysUntil(until);
  return days < 0 ? t('health.ended') : days === 1 ? t('health.day') : t('health.days', { n: days });
}

/** Certificates and credentials of a registration; with the details, what they hold and what is wrong. */
export function Health({ health, details = false }: { health: RegistrationHealth; details?: boolean }) {
  return (
    <dl className="grid gap-x-6 gap-y-3 text-sm sm:grid-cols-3">
      <Item label={t('health.transport')} {...certificate(health.transport)} details={details} />
      <Item label={t('health.seal')} {...certificate(health.seal)} details={details} />
      <Item label={t('health.credential')} {...credential(health.credential)} details={details} />
    </dl>
  );
}

interface Found {
  status?: 'ok' | 'warn' | 'fail' | undefined;
  left?: string | undefined;
  more?: readonly (string | false | undefined)[];
}

function certificate(c: CertificateHealth | undefined): Found {
  if (!c) {
    return {};
  }
  return {
    status: c.status,
    left: c.notAfter && daysLeft(c.notAfter),
    more: [
      c.status !== 'ok' && c.message,
      c.notAfter && t('health.until', { date: formatDate(c.notAfter) }),
      c.name,
    ],
  };
}

function credential(c: CredentialHealth | undefined): Found {
  if (!c) {
    return {};
  }
  return {
    status: c.status,
    left: c.validUntil ? daysLeft(c.validUntil) : t('health.endless'),
    more: [
      c.validUntil && t('health.until', { date: formatDate(c.validUntil) }),
      t('health.holds', { what: c.holds.join(', ') }),
    ],
  };
}

function Item({ label, status, left, more, details }: Found & { label: string; details: boolean }) {
  return (
    <div className="min-w-0">
      <dt className="text-soft">{label}</dt>
      <dd>
        <span className="flex items-center gap-2">
          <Mark tone={status ? tones[status] : 'none'} />
          {status ? [t(`health.${status}`), left].filter(Boolean).join(', ') : t('health.none')}
        </span>
        {details &&
          more?.filter(Boolean).map((line, i) => (
            <span key={i} className="mt-0.5 block text-soft wrap-anywhere">
              {line}
            </span>
          ))}
      </dd>
    </div>
  );
}
