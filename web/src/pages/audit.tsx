import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { queries } from '../api/queries';
import { t } from '../messages';
import { AuditEntries } from '../parts/audit/entries';
import { Proof } from '../parts/audit/proof';
import { Input } from '../parts/input';
import { Empty, Failure, Loading, Stale } from '../parts/states';
import { text } from './setup';

/** What was done with keys, credentials and registrations, and the proof that nothing of it is missing. */
export function AuditPage() {
  const { subject = '' } = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  return (
    <div className="space-y-6">
      <div>
        <h1>{t('audit.title')}</h1>
        <p className="mt-2 max-w-prose text-soft">{t('audit.lead')}</p>
      </div>
      <Proof />
      <form
        key={subject}
        role="search"
        className="flex flex-wrap items-start gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          const wanted = text(new FormData(e.currentTarget), 'subject').trim();
          void navigate({ search: wanted ? { subject: wanted } : {}, replace: true });
        }}
      >
        <div className="min-w-60 flex-1">
          <Input
            name="subject"
            label={t('audit.subject')}
            hint={t('audit.subject.hint')}
            defaultValue={subject}
            required={false}
            spellCheck={false}
          />
        </div>
        <button className="button mt-7">{t('audit.filter')}</button>
      </form>
      <Entries subject={subject} />
    </div>
  );
}

function Entries({ subject }: { subject: string }) {
  const log = useInfiniteQuery(queries.audit(subject));
  const retry = () => void log.refetch();
  if (log.isPending) {
    return <Loading rows={6} />;
  }
  if (!log.data) {
    return <Failure error={log.error} onRetry={retry} />;
  }
  const entries = log.data.pages.flatMap((page) => page.items);
  if (entries.length === 0) {
    return <Empty title={t(subject ? 'audit.none' : 'audit.empty')} />;
  }
  return (
    <>
      {log.isRefetchError && <Stale onRetry={retry} />}
      <AuditEntries entries={entries} />
      {log.isFetchNextPageError && <Failure error={log.error} onRetry={() => void log.fetchNextPage()} />}
      {log.hasNextPage && !log.isFetchNextPageError && (
        <button
          type="button"
          className="button w-full"
          disabled={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {log.isFetchingNextPage ? t('state.loading') : t('audit.more')}
        </button>
      )}
    </>
  );
}
