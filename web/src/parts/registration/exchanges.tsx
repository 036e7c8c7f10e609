import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Trace } from '../../api/client';
import { queries } from '../../api/queries';
import { formatInstant } from '../../format/date';
import { formatDuration } from '../../format/duration';
import { asText, headerLines, pathOf, pretty } from '../../format/exchange';
import { t } from '../../messages';
import { CopyButton } from '../copy';
import { Answered } from '../states';
import { pace } from './standing';

interface Props {
  bank: string;
  step: string;
  /** Whether more may come. */
  live: boolean;
  /** Whether it is open before anybody opens it. */
  shown: boolean;
}

/** What was said to the bank in one step; read when it is opened. */
export function StepExchanges({ bank, step, live, shown }: Props) {
  const [chosen, setChosen] = useState<boolean>();
  const open = chosen ?? shown;
  return (
    <details
      open={open}
      className="pt-1"
      onToggle={(e) => e.target === e.currentTarget && setChosen(e.currentTarget.open)}
    >
      <summary className="w-fit py-2 text-sm font-semibold text-navy">{t('exchange.title')}</summary>
      {open && <Said bank={bank} step={step} live={live} />}
    </details>
  );
}

function Said({ bank, step, live }: Omit<Props, 'shown'>) {
  const exchanges = useQuery({ ...queries.exchanges(bank), refetchInterval: live ? pace : false });
  const { refetch } = exchanges;
  const was = useRef(live);
  useEffect(() => {
    if (was.current && !live) {
      void refetch(); // the last words may have come since
    }
    was.current = live;
  }, [live, refetch]);
  return (
    <Answered query={exchanges} rows={1}>
      {(all) => {
        const said = all.filter((e) => e.step === step);
        return said.length === 0 ? (
          <p className="text-sm text-soft">{t('exchange.none')}</p>
        ) : (
          <>
            <p className="mb-2 text-sm text-soft">{t('exchange.masked')}</p>
            <ol className="space-y-2">
              {said.map((e) => (
                <li key={e.seq}>
                  <ExchangeView exchange={e} />
                </li>
              ))}
            </ol>
          </>
        );
      }}
    </Answered>
  );
}

/** One call to the bank and its answer. */
function ExchangeView({ exchange: e }: { exchange: Trace }) {
  const refused = e.error !== undefined || (e.status ?? 0) >= 400;
  return (
    <details className="rounded-lg border border-line">
      <summary className="min-h-11 px-3 py-2 text-sm">
        <code className="font-semibold">{e.method}</code>{' '}
        <code className="wrap-anywhere">{pathOf(e.url)}</code>{' '}
        <span className={`ml-1 font-semibold ${refused ? 'text-fault' : ''}`}>
          {e.status ?? t('exchange.noanswer')}
        </span>{' '}
        <span className="ml-1 whitespace-nowrap text-soft">{formatDuration(e.took)}</span>
      </summary>
      <div className="space-y-3 border-t border-line p-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm text-soft">
            {t('exchange.at', { date: formatInstant(e.at), host: URL.parse(e.url)?.host ?? e.url })}
          </p>
          <CopyButton text={() => asText(e)} label={t('copy.exchange')} />
        </div>
        {e.error && <p className="text-sm font-semibold text-fault wrap-anywhere">{e.error}</p>}
        <Message part={t('exchange.request')} header={e.requestHeader} body={e.requestBody} />
        <Message part={t('exchange.answer')} header={e.responseHeader} body={e.responseBody} />
      </div>
    </details>
  );
}

function Message({
  part,
  header,
  body,
}: {
  part: string;
  header: Readonly<Record<string, string>> | undefined;
  body: string | undefined;
}) {
  return (
    <>
      <Block label={t('exchange.headers', { part })} text={headerLines(header)} />
      <Block label={t('exchange.body', { part })} text={pretty(body ?? '')} />
    </>
  );
}

/** A text of the wire that scrolls by itself. */
function Block({ label, text }: { label: string; text: string }) {
  if (!text) {
    return null;
  }
  return (
    <div>
      <p className="mb-1 text-xs font-semibold text-soft">{label}</p>
      <pre
        role="region"
        aria-label={label}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard could not scroll it
        tabIndex={0}
        className="max-h-72 overflow-auto rounded-lg bg-ground p-3 text-xs"
      >
        {text}
      </pre>
    </div>
  );
}
