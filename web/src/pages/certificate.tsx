import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Certificate } from '../api/client';
import { queries } from '../api/queries';
import { formatInstant } from '../format/date';
import { formatSubject, organisationOf, spellSubject } from '../format/subject';
import { t } from '../messages';
import { Back } from '../parts/back';
import { DeleteCertificate } from '../parts/certificates/delete';
import { Install } from '../parts/certificates/install';
import { Left, Warnings } from '../parts/certificates/left';
import { authorityOf, roleName } from '../parts/certificates/standing';
import { CopyButton } from '../parts/copy';
import { Facts } from '../parts/facts';
import { Answered } from '../parts/states';

/** Everything that may be known of one key and its certificate. */
export function CertificatePage() {
  const { name } = useParams({ from: '/certificates/$name' });
  const certificate = useQuery(queries.certificate(name));
  return (
    <div className="space-y-6">
      <Back to="/certificates" label={t('cert.back')} />
      <Answered query={certificate}>{(c) => <Whole key={name} certificate={c} />}</Answered>
    </div>
  );
}

function Whole({ certificate: c }: { certificate: Certificate }) {
  const top = useRef<HTMLElement>(null);
  return (
    <>
      <div>
        <h1 className="wrap-anywhere">{c.name}</h1>
        <p className="mt-1 text-soft">{t(`cert.kind.${c.kind}`)}</p>
      </div>
      <section ref={top} tabIndex={-1} aria-label={t('cert.warnings')} className="card p-5 outline-none">
        <p role="status">
          <Left certificate={c} />
        </p>
        {c.warnings.length > 0 && (
          <div className="mt-3 rounded-xl bg-note-ground p-4">
            <Warnings list={c.warnings} />
          </div>
        )}
      </section>
      <About certificate={c} />
      {c.chain.length > 0 && <Chain subjects={c.chain} />}
      <Install certificate={c} onInstalled={() => top.current?.focus()} />
      <DeleteCertificate name={c.name} />
    </>
  );
}

function About({ certificate: c }: { certificate: Certificate }) {
  return (
    <section aria-labelledby="about" className="card p-5">
      <h2 id="about" className="mb-2">
        {t('cert.about')}
      </h2>
      <Facts
        lines={[
          [t('cert.organisation'), organisationOf(c.subject)],
          [t('cert.identifier'), c.organizationIdentifier],
          [t('cert.roles'), c.roles.map(roleName).join(', ')],
          [t('cert.nca'), authorityOf(c)],
          [t('cert.issuer'), c.issuer && formatSubject(c.issuer)],
          [t('cert.subject'), c.subject && spellSubject(c.subject)],
          [t('cert.from'), c.notBefore && formatInstant(c.notBefore)],
          [t('cert.until'), c.notAfter && formatInstant(c.notAfter)],
          [t('cert.revocation'), revocation(c)],
          [t('cert.algorithm'), c.algorithm],
          [t('cert.usage'), c.keyUsage.join(', ')],
          [t('cert.extended'), c.extendedKeyUsage.join(', ')],
          [t('cert.serial'), c.serial && <code>{c.serial}</code>],
          [t('cert.fingerprint'), c.fingerprint && <Fingerprint value={c.fingerprint} />],
          [t('cert.used'), <UsedBy key="used" ids={c.usedBy} />],
        ]}
      />
    </section>
  );
}

function revocation(c: Certificate): string | undefined {
  if (c.revocation === 'revoked' && c.revokedAt) {
    return t('cert.revocation.revoked.at', { date: formatInstant(c.revokedAt) });
  }
  return c.revocation && t(`cert.revocation.${c.revocation}`);
}

function Fingerprint({ value }: { value: string }) {
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <code>{value}</code>
      <CopyButton text={value} label={t('cert.fingerprint.copy')} />
    </span>
  );
}

function UsedBy({ ids }: { ids: readonly string[] }) {
  const banks = useQuery(queries.banks()).data;
  if (ids.length === 0) {
    return t('cert.unused');
  }
  return (
    <ul className="space-y-2">
      {ids.map((id) => (
        <li key={id} className="flex flex-wrap gap-x-4">
          <Link
            to="/registrations/$bank"
            params={{ bank: id }}
            className="text-navy underline underline-offset-4"
          >
            {banks?.find((b) => b.id === id)?.name ?? id}
          </Link>
          <Link
            to="/certificates/-/move"
            search={{ bank: id }}
            className="text-navy underline underline-offset-4"
          >
            {t('move.link')}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Chain({ subjects }: { subjects: readonly string[] }) {
  return (
    <section aria-labelledby="chain" className="card p-5">
      <h2 id="chain">{t('cert.chain')}</h2>
      <p className="text-sm text-soft">{t('cert.chain.lead')}</p>
      <ol className="mt-2 list-decimal space-y-1 pl-6">
        {subjects.map((subject, i) => (
          <li key={i} className="wrap-anywhere">
            {formatSubject(subject)}
          </li>
        ))}
      </ol>
    </section>
  );
}
