import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useMove } from '../../api/certificates';
import type { Bank, Certificate, CertificateMove } from '../../api/client';
import { t } from '../../messages';
import { Select } from '../input';
import { Failure } from '../states';
import { leftOf } from './standing';

/** The pair that a bank shall know from now on. */
export function Move({ bank, certificates }: { bank: Bank; certificates: readonly Certificate[] }) {
  const { health } = bank.registration;
  const now = { transport: health.transport?.name ?? '', seal: health.seal?.name ?? '' };
  const [transport, setTransport] = useState(now.transport);
  const [seal, setSeal] = useState(now.seal);
  const move = useMove();
  const done = move.data?.transport === transport && move.data.seal === seal ? move.data : undefined;
  const same = transport === now.transport && seal === now.seal;
  return (
    <form
      className="card space-y-5 p-6"
      onSubmit={(e) => {
        e.preventDefault();
        move.mutate({ bank: bank.id, transport, seal });
      }}
    >
      <Select
        name="transport"
        label={t('move.transport')}
        value={transport}
        onChange={(e) => setTransport(e.target.value)}
        options={choices(certificates, 'qwac', now.transport)}
      />
      <Select
        name="seal"
        label={t('move.seal')}
        value={seal}
        onChange={(e) => setSeal(e.target.value)}
        options={choices(certificates, 'qseal', now.seal)}
      />
      <div>
        <h2>{t('move.what')}</h2>
        <ol className="mt-1 list-decimal space-y-1 pl-6 text-soft">
          <li>{t('move.what.1')}</li>
          <li>{t('move.what.2')}</li>
          <li>{t('move.what.3')}</li>
          <li>{t('move.what.4')}</li>
        </ol>
      </div>
      {move.isError && <Failure error={move.error} />}
      {move.isPending ? (
        <div role="status" className="space-y-2">
          <p>{t('move.running', { bank: bank.name })}</p>
          <progress className="meter" aria-label={t('move.title')} />
        </div>
      ) : done ? (
        <Moved bank={bank} move={done} />
      ) : (
        <>
          {same && <p className="text-soft">{t('move.same')}</p>}
          <button className="button button-primary" disabled={same}>
            {t('move.submit', { bank: bank.name })}
          </button>
        </>
      )}
    </form>
  );
}

function choices(all: readonly Certificate[], kind: Certificate['kind'], now: string) {
  return all
    .filter((c) => c.kind === kind || c.name === now)
    .map((c) => ({
      value: c.name,
      label: t(c.name === now ? 'move.option.now' : 'move.option', {
        name: c.name,
        left: leftOf(c).toLocaleLowerCase(),
      }),
    }));
}

/** What came of it; the keyboard goes on here. */
function Moved({ bank, move }: { bank: Bank; move: CertificateMove }) {
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => outcome.current?.focus(), []);
  return (
    <div ref={outcome} tabIndex={-1} role="status" className="space-y-3 rounded-xl bg-note-ground p-4">
      <p className="font-semibold wrap-anywhere">
        {t('move.done', { bank: bank.name, transport: move.transport, seal: move.seal })}
      </p>
      <p>{t('move.done.connections', { n: move.connections })}</p>
      {move.left && move.left.length > 0 && (
        <>
          <h3 className="text-sm font-semibold">{t('move.left')}</h3>
          <ul className="list-disc pl-5">
            {move.left.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </>
      )}
      <Link to="/registrations/$bank" params={{ bank: bank.id }} className="button">
        {t('move.registration')}
      </Link>
    </div>
  );
}
