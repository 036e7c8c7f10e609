import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useIssue, useRequest } from '../api/certificates';
import type { Certificate, CertificateRequest } from '../api/client';
import { queries } from '../api/queries';
import { organisationOf } from '../format/subject';
import { t } from '../messages';
import { Back } from '../parts/back';
import { OrderForm } from '../parts/certificates/order';
import { RequestText } from '../parts/certificates/request';
import { Loading } from '../parts/states';

/** A new key, with a request for an issuer or certified by the local test issuer. */
export function NewCertificatePage() {
  const { name } = useSearch({ from: '/certificates/-/new' });
  const certificates = useQuery(queries.certificates());
  return (
    <div className="mx-auto max-w-2xl space-y-6">
      <Back to="/certificates" label={t('cert.back')} />
      {certificates.isPending ? (
        <Loading />
      ) : (
        <Order name={name} known={certificates.data?.find((c) => c.organizationIdentifier)} />
      )}
    </div>
  );
}

/** Whose name is in another certificate need not give it again. */
function Order({ name, known }: { name: string | undefined; known: Certificate | undefined }) {
  const navigate = useNavigate();
  const request = useRequest();
  const issue = useIssue((c) => void navigate({ to: '/certificates/$name', params: { name: c.name } }));
  if (request.data) {
    return <Requested made={request.data} />;
  }
  return (
    <>
      <div>
        <h1>{t('order.title')}</h1>
        <p className="mt-2 text-soft">{t('order.lead')}</p>
      </div>
      <OrderForm
        start={{
          name,
          organisation: organisationOf(known?.subject),
          organizationIdentifier: known?.organizationIdentifier,
        }}
        busy={request.isPending || issue.isPending}
        error={request.error ?? issue.error}
        onOrder={(how, order) => {
          request.reset();
          issue.reset();
          (how === 'issue' ? issue : request).mutate(order);
        }}
      />
    </>
  );
}

function Requested({ made }: { made: CertificateRequest }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <div>
        <h1 ref={heading} tabIndex={-1} className="outline-none wrap-anywhere">
          {t('csr.title', { name: made.name })}
        </h1>
        <p className="mt-2 text-soft">{t('csr.lead')}</p>
      </div>
      <RequestText made={made} />
    </>
  );
}
