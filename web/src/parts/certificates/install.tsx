import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { useInstall } from '../../api/certificates';
import type { Certificate } from '../../api/client';
import { t } from '../../messages';
import { Failure } from '../states';
import { PEMField, readPEM } from './pemfield';

/** Where the issuer's answer goes: open while there is no certificate, folded once there is one. */
export function Install({
  certificate: c,
  onInstalled,
}: {
  certificate: Certificate;
  onInstalled: () => void;
}) {
  if (c.kind === 'key') {
    return (
      <section aria-labelledby="install" className="card space-y-4 p-5">
        <h2 id="install">{t('install.title')}</h2>
        <InstallForm name={c.name} onInstalled={onInstalled} />
        <Link
          to="/certificates/-/new"
          search={{ name: c.name }}
          className="block w-fit text-navy underline underline-offset-4"
        >
          {t('install.request')}
        </Link>
      </section>
    );
  }
  return (
    <details className="card p-5">
      <summary className="cursor-pointer font-semibold">{t('install.again')}</summary>
      <div className="mt-4">
        <InstallForm name={c.name} onInstalled={onInstalled} />
      </div>
    </details>
  );
}

function InstallForm({ name, onInstalled }: { name: string; onInstalled: () => void }) {
  const form = useRef<HTMLFormElement>(null);
  const install = useInstall(name, () => {
    form.current?.reset();
    onInstalled();
  });
  return (
    <form
      ref={form}
      className="max-w-xl space-y-4"
      onSubmit={(e) => {
        e.preventDefault();
        void readPEM(e.currentTarget).then((pem) => install.mutate(pem));
      }}
    >
      <p className="text-soft">{t('install.lead')}</p>
      <PEMField file="install.file" paste="install.paste" />
      {install.isError && <Failure error={install.error} />}
      <p role="status" className="font-semibold empty:hidden">
        {install.isSuccess && t('install.done')}
      </p>
      <button className="button button-primary" disabled={install.isPending}>
        {t('install.submit')}
      </button>
    </form>
  );
}
