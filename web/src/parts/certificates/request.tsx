import { Link } from '@tanstack/react-router';
import type { CertificateRequest } from '../../api/client';
import { t } from '../../messages';
import { CopyButton } from '../copy';
import { TextArea } from '../input';
import { save } from '../save';

/** A request as it goes to the issuer. */
export function RequestText({ made }: { made: CertificateRequest }) {
  const file = `${made.name}.csr`;
  return (
    <div className="card space-y-4 p-5">
      <TextArea name="csr" label={t('csr.text')} value={made.csr} rows={14} readOnly />
      <div className="flex flex-wrap gap-3">
        <CopyButton text={made.csr} label={t('csr.copy')} />
        <button type="button" className="button" onClick={() => save(file, made.csr)}>
          {t('csr.download', { name: file })}
        </button>
        <Link to="/certificates/$name" params={{ name: made.name }} className="button button-primary">
          {t('csr.next')}
        </Link>
      </div>
    </div>
  );
}
