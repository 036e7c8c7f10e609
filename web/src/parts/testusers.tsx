import type { Bank } from '../api/client';
import { t } from '../messages';

/** Logins that a sandbox publishes. */
export function TestUsers({ bank }: { bank: Bank }) {
  if (bank.testUsers.length === 0) {
    return null;
  }
  return (
    <section aria-labelledby="users" className="text-sm text-soft">
      <h2 id="users">{t('consent.users')}</h2>
      <ul className="mt-1 space-y-1">
        {bank.testUsers.map((u) => (
          <li key={u.login}>{t('consent.user', u)}</li>
        ))}
      </ul>
      {bank.testUsers.some((u) => u.totp) && <p className="mt-2">{t('consent.usercode')}</p>}
    </section>
  );
}
