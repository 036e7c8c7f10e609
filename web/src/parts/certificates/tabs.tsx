import { Link } from '@tanstack/react-router';
import { t } from '../../messages';

const look =
  'flex min-h-11 items-center border-b-2 border-transparent font-semibold text-soft aria-[current=page]:border-navy aria-[current=page]:text-navy';

/** Certificates and credentials: both are what banks know this platform by. */
export function Tabs() {
  return (
    <nav aria-label={t('cred.tabs')} className="flex gap-6 border-b border-line">
      <Link to="/certificates" activeOptions={{ exact: true }} className={look}>
        {t('cert.title')}
      </Link>
      <Link to="/certificates/-/credentials" className={look}>
        {t('cred.title')}
      </Link>
    </nav>
  );
}
