import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { Bank } from '../api/client';
import { queries } from '../api/queries';
import { formatInstant } from '../format/date';
import { t } from '../messages';
import { Health } from '../parts/registration/health';
import { moves, needsAttention, pace, stepsDone } from '../parts/registration/standing';
import { StatusWord } from '../parts/registration/status';
import { Answered, Empty } from '../parts/states';

/** Every bank with our registration there, at a glance. */
export function RegistrationsPage() {
  const banks = useQuery({
    ...queries.banks(),
    refetchInterval: ({ state }) => (state.data?.some((b) => moves(b.registration)) ? pace : false),
  });
  return (
    <div className="space-y-6">
      <div>
        <h1>{t('reg.title')}</h1>
        <p className="mt-2 max-w-prose text-soft">{t('reg.lead')}</p>
      </div>
      <Answered query={banks}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('reg.empty')} text={t('reg.empty.text')} />
          ) : (
            <Registrations banks={all} />
          )
        }
      </Answered>
    </div>
  );
}

function Registrations({ banks }: { banks: readonly Bank[] }) {
  const { attention = false } = useSearch({ from: '/registrations' });
  const navigate = useNavigate({ from: '/registrations' });
  const needing = banks.filter((b) => needsAttention(b.registration));
  const shown = attention ? needing : banks;
  return (
    <>
      <label className="flex min-h-11 w-fit items-center gap-3">
        <input
          type="checkbox"
          className="size-5 accent-navy"
          checked={attention}
          onChange={(e) =>
            void navigate({ search: e.target.checked ? { attention: true } : {}, replace: true })
          }
        />
        {t('reg.attention', { n: needing.length })}
      </label>
      {shown.length === 0 ? (
        <Empty title={t('reg.fine')} text={t('reg.fine.text')} />
      ) : (
        <ul className="space-y-4">
          {shown.map((b) => (
            <BankRow key={b.id} bank={b} />
          ))}
        </ul>
      )}
    </>
  );
}

function BankRow({ bank }: { bank: Bank }) {
  const r = bank.registration;
  const unwell = r.health.status === 'warn' || r.health.status === 'fail';
  const problem = r.message ?? (unwell ? r.health.message : undefined);
  return (
    <li className="card relative space-y-3 p-5 hover:border-field">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div className="min-w-0">
          <h2>
            <Link
              to="/registrations/$bank"
              params={{ bank: bank.id }}
              className="text-navy underline-offset-4 after:absolute after:inset-0 hover:underline"
            >
              {bank.name}
            </Link>
          </h2>
          <p className="text-sm text-soft">
            {t('reg.bank', { country: bank.country, standard: bank.standard, version: bank.version })}
          </p>
        </div>
        <StatusWord status={r.status} />
      </div>
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-soft">
        <span>{t('reg.steps', { done: stepsDone(r), total: r.steps.length })}</span>
        {r.clientId && (
          <span className="min-w-0">
            {t('reg.client')} <code className="wrap-anywhere text-ink">{r.clientId}</code>
          </span>
        )}
        {r.updated && <span>{t('reg.updated', { date: formatInstant(r.updated) })}</span>}
      </p>
      {problem && <p className="text-sm font-semibold first-letter:uppercase wrap-anywhere">{problem}</p>}
      {r.health.status !== 'none' && <Health health={r.health} />}
    </li>
  );
}
