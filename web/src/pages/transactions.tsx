import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { Transaction } from '../api/client';
import { present, queries, type TransactionFilter } from '../api/queries';
import { formatDay } from '../format/date';
import { formatMoney, isNegative } from '../format/money';
import { t } from '../messages';
import { Empty, Failure, Loading, Stale } from '../parts/states';
import { TransactionDetail } from '../parts/transaction';

/** Transactions, searched and filtered; the filter lives in the address. */
export function TransactionsPage() {
  const filter = useSearch({ from: '/transactions' });
  const navigate = useNavigate({ from: '/transactions' });
  const change = (part: TransactionFilter) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  const query = new URLSearchParams(present(filter)).toString();
  const exported = (format: string) => `/api/v1/export?format=${format}${query && `&${query}`}`;
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1>{t('tx.title')}</h1>
        <p className="flex items-center gap-3 text-sm">
          <span className="text-soft">{t('tx.export')}</span>
          <a className="font-semibold text-navy underline underline-offset-4" href={exported('csv')} download>
            {t('tx.csv')}
          </a>
          <a
            className="font-semibold text-navy underline underline-offset-4"
            href={exported('jsonl')}
            download
          >
            {t('tx.jsonl')}
          </a>
        </p>
      </div>
      <Filters filter={filter} onChange={change} />
      <Rows filter={filter} />
    </div>
  );
}

function Filters({
  filter,
  onChange,
}: {
  filter: TransactionFilter;
  onChange: (part: TransactionFilter) => void;
}) {
  const accounts = useQuery(queries.accounts());
  const [words, setWords] = useSearchWords(filter.q ?? '', onChange);
  return (
    <form
      role="search"
      className="grid grid-cols-2 gap-3 sm:grid-cols-[1fr_auto_auto_auto]"
      onSubmit={(e) => e.preventDefault()}
    >
      <input
        type="search"
        className="field col-span-2 sm:col-span-1"
        aria-label={t('tx.search')}
        placeholder={t('tx.search')}
        value={words}
        onChange={(e) => setWords(e.target.value)}
      />
      <select
        className="field col-span-2 sm:col-span-1 sm:max-w-48"
        aria-label={t('tx.account')}
        value={filter.account ?? ''}
        onChange={(e) => onChange({ account: e.target.value || undefined })}
      >
        <option value="">{t('tx.account.all')}</option>
        {accounts.data?.map((a) => (
          <option key={a.id} value={a.id}>
            {a.name} ({a.currency})
          </option>
        ))}
      </select>
      <input
        type="date"
        className="field"
        aria-label={t('tx.from')}
        value={filter.from ?? ''}
        onChange={(e) => onChange({ from: e.target.value || undefined })}
      />
      <input
        type="date"
        className="field"
        aria-label={t('tx.to')}
        value={filter.to ?? ''}
        onChange={(e) => onChange({ to: e.target.value || undefined })}
      />
    </form>
  );
}

/** The words of the search box: they go to the address after a pause, and follow it when it changes otherwise. */
function useSearchWords(q: string, onChange: (part: TransactionFilter) => void) {
  const [box, setBox] = useState<{ words: string; q: string; sent?: string }>({ words: q, q });
  if (q !== box.q) {
    // Who typed on while the address followed keeps what is typed.
    setBox({ words: q === box.sent ? box.words : q, q });
  }
  useEffect(() => {
    if (box.words === q) {
      return;
    }
    const wait = window.setTimeout(() => {
      setBox((now) => ({ ...now, sent: box.words }));
      onChange({ q: box.words || undefined });
    }, 200);
    return () => window.clearTimeout(wait);
  }, [box.words, q, onChange]);
  return [box.words, (words: string) => setBox((now) => ({ ...now, words }))] as const;
}

function Rows({ filter }: { filter: TransactionFilter }) {
  const list = useInfiniteQuery(queries.transactions(filter));
  const [open, setOpen] = useState<Transaction>();
  if (list.isPending) {
    return <Loading rows={8} />;
  }
  if (!list.data) {
    return <Failure error={list.error} onRetry={() => void list.refetch()} />;
  }
  const rows = list.data.pages.flatMap((page) => page.items);
  if (rows.length === 0) {
    const filtered = Object.keys(present(filter)).length > 0;
    return filtered ? (
      <Empty title={t('tx.empty')} text={t('tx.empty.hint')} />
    ) : (
      <Empty title={t('tx.none')} />
    );
  }
  return (
    <>
      {list.isRefetchError && <Stale onRetry={() => void list.refetch()} />}
      {byDay(rows).map(([day, items]) => (
        <section key={day} aria-label={day ? formatDay(day) : t('tx.undated')}>
          <h2 className="mb-2 text-sm text-soft">{day ? formatDay(day) : t('tx.undated')}</h2>
          <ul className="card divide-y divide-line overflow-hidden">
            {items.map((row) => (
              <li key={row.id}>
                <Row row={row} onOpen={() => setOpen(row)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
      {list.isFetchNextPageError && <Failure error={list.error} onRetry={() => void list.fetchNextPage()} />}
      {list.hasNextPage && !list.isFetchNextPageError && (
        <button
          type="button"
          className="button w-full"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {list.isFetchingNextPage ? t('state.loading') : t('tx.more')}
        </button>
      )}
      {open && <TransactionDetail row={open} onClose={() => setOpen(undefined)} />}
    </>
  );
}

/** Rows in groups of one day, in the order they come. */
export function byDay(rows: readonly Transaction[]): [string, Transaction[]][] {
  const groups: [string, Transaction[]][] = [];
  for (const row of rows) {
    const day = row.bookingDate ?? row.valueDate ?? '';
    const last = groups.at(-1);
    if (last?.[0] === day) {
      last[1].push(row);
    } else {
      groups.push([day, [row]]);
    }
  }
  return groups;
}

function Row({ row, onOpen }: { row: Transaction; onOpen: () => void }) {
  const who = row.merchant?.name ?? row.counterparty?.name;
  const marks = {
    pending: t('tx.pending'),
    vanished: t('tx.vanished'),
    rejected: t('tx.rejected'),
    booked: '',
  };
  const mark = marks[row.status];
  const gone = row.status === 'vanished' || row.status === 'rejected';
  return (
    <button
      type="button"
      className="flex w-full items-center justify-between gap-4 px-5 py-3 text-left hover:bg-ground focus-visible:-outline-offset-2"
      onClick={onOpen}
    >
      <span className="min-w-0">
        <span className="block truncate font-semibold">{who ?? row.information ?? t('tx.unknown')}</span>
        <span className="block truncate text-sm text-soft">
          {mark && (
            <span className="mr-2 rounded bg-note-ground px-1.5 py-0.5 font-semibold text-ink">{mark}</span>
          )}
          {who ? row.information : row.reference}
        </span>
      </span>
      <span
        className={`money font-semibold ${gone ? 'line-through' : isNegative(row.amount) ? '' : 'text-in'}`}
      >
        {formatMoney(row.amount, { plus: true })}
      </span>
    </button>
  );
}
