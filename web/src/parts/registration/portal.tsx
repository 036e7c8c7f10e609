import { t } from '../../messages';

/** The way to the bank's developer portal. */
export function PortalLink({ href }: { href: string }) {
  return (
    <a
      href={href}
      target="_blank"
      rel="noreferrer"
      className="inline-block text-navy underline underline-offset-4"
    >
      {t('wizard.portal')} <span className="text-sm">{t('wizard.newtab')}</span>
    </a>
  );
}
