import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Certificate } from '../api/client';
import { queries } from '../api/queries';
import { formatDate } from '../format/date';
import { formatSubject, organisationOf } from '../format/subject';
import { t } from '../messages';
import { Left, Warnings } from '../parts/certificates/left';
import { authorityOf } from '../parts/certificates/standing';
import { Tabs } from '../parts/certificates/tabs';
import { Answered, Empty } from '../parts/states';

/** Every key with its certificate, at a glance. */
export function CertificatesPage() {
  const certificates = useQuery(queries.certificates());
  return (
    <div className="space-y-6">
      <div>
        <h1>{t('cert.title')}</h1>
        <p className="mt-2 max-w-prose text-soft">{t('cert.lead')}</p>
      </div>
      <Tabs />
      <p className="flex flex-wrap gap-3">
        <Link to="/certificates/-/new" search={{}} className="button button-primary">
          {t('cert.new')}
        </Link>
        <Link to="/certificates/-/import" className="button">
          {t('cert.import')}
        </Link>
        <Link to="/certificates/-/move" search={{}} className="button">
          {t('cert.move')}
        </Link>
      </p>
      <Answered query={certificates}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('cert.empty')} text={t('cert.empty.text')} />
          ) : (
            <ul className="space-y-4">
              {all.map((c) => (
                <Row key={c.name} certificate={c} />
              ))}
            </ul>
          )
        }
      </Answered>
    </div>
  );
}

function Row({ certificate: c }: { certificate: Certificate }) {
  const banks = useQuery(queries.banks()).data;
  const nameOf = (id: string) => banks?.find((b) => b.id === id)?.name ?? id;
  return (
    <li className="card relative space-y-3 p-5 hover:border-field">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div className="min-w-0">
          <h2>
            <Link
              to="/certificates/$name"
              params={{ name: c.name }}
              className="wrap-anywhere text-navy underline-offset-4 after:absolute after:inset-0 hover:underline"
            >
              {c.name}
            </Link>
          </h2>
          <p className="text-sm text-soft">{t(`cert.kind.${c.kind}`)}</p>
        </div>
        <div className="sm:text-right">
          <Left certificate={c} />
          {c.notAfter && (
            <p className="text-sm text-soft">{t('health.until', { date: formatDate(c.notAfter) })}</p>
          )}
        </div>
      </div>
      <Warnings list={c.warnings} />
      <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-2">
        <Item
          label={t('cert.organisation')}
          value={[organisationOf(c.subject), c.organizationIdentifier].filter(Boolean).join(', ')}
        />
        <Item label={t('cert.roles')} value={c.roles.join(', ')} />
        <Item label={t('cert.nca')} value={authorityOf(c)} />
        <Item
          label={t('cert.issuer')}
          value={c.issuer && (organisationOf(c.issuer) ?? formatSubject(c.issuer))}
        />
        <Item label={t('cert.used')} value={c.usedBy.map(nameOf).join(', ') || t('cert.unused')} />
      </dl>
    </li>
  );
}

function Item({ label, value }: { label: string; value: string | undefined }) {
  return (
    value && (
      <div className="min-w-0">
        <dt className="text-soft">{label}</dt>
        <dd className="wrap-anywhere">{value}</dd>
      </div>
    )
  );
}
