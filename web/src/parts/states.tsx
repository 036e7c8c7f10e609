import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { t } from '../messages';

/** Grey bars where content will be. */
export function Loading({ rows = 4 }: { rows?: number }) {
  return (
    <div role="status" className="space-y-3">
      <span className="sr-only">{t('state.loading')}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="h-14 animate-pulse rounded-xl bg-line/60 motion-reduce:animate-none" />
      ))}
    </div>
  );
}

/** What went wrong, what to do, and the number to ask with. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div role="alert" className="card space-y-2 p-5">
      <h2>{t('state.error')}</h2>
      <p className="text-soft first-letter:uppercase">
        {problem ? (problem.detail ?? problem.title) : t('state.offline')}
      </p>
      {problem?.requestId && (
        <p className="text-sm text-soft">{t('state.request', { id: problem.requestId })}</p>
      )}
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          {t('state.retry')}
        </button>
      )}
    </div>
  );
}

/** Says quietly that what is shown could not be read again. */
export function Stale({ onRetry }: { onRetry: () => void }) {
  return (
    <div role="status" className="flex flex-wrap items-center justify-between gap-3 text-sm text-soft">
      <p>{t('state.stale')}</p>
      <button type="button" className="button" onClick={onRetry}>
        {t('state.retry')}
      </button>
    </div>
  );
}

/** What a query brought. Data that is there stays, also when reading it again fails. */
export function Answered<T>({
  query,
  rows,
  children,
}: {
  query: UseQueryResult<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  const retry = () => void query.refetch();
  if (query.data === undefined) {
    return query.isError ? (
      <Failure error={query.error} onRetry={retry} />
    ) : (
      <Loading {...(rows && { rows })} />
    );
  }
  return (
    <>
      {query.isError && <Stale onRetry={retry} />}
      {children(query.data)}
    </>
  );
}

/** An empty place that says what belongs there. */
export function Empty({
  title,
  text,
  children,
}: {
  title: string;
  text?: string | undefined;
  children?: ReactNode;
}) {
  return (
    <div className="card flex flex-col items-start gap-3 p-8">
      <h2>{title}</h2>
      {text && <p className="max-w-prose text-soft">{text}</p>}
      {children}
    </div>
  );
}
