import { useQuery } from '@tanstack/react-query';
import type { Registration } from '../../api/client';
import { queries } from '../../api/queries';
import { t } from '../../messages';
import { Confirm } from '../confirm';

interface Props {
  name: string;
  registration: Registration;
  busy: boolean;
  onConfirm: () => void;
}

/** The end of a registration, or of an attempt at one; both ask first. */
export function Deregister({ name, registration: r, busy, onConfirm }: Props) {
  const connections = useQuery(queries.connections());
  const stops = connections.data?.filter((c) => c.bank === r.bank && c.status === 'active').length ?? 0;
  const kind = r.clientId ? 'dereg' : 'discard';
  const text = [t(`${kind}.text`, { bank: name }), stops > 0 && t('dereg.connections', { n: stops })];
  return (
    <section aria-labelledby="end" className="card flex flex-wrap items-center justify-between gap-4 p-5">
      <div>
        <h2 id="end">{t(`${kind}.title`)}</h2>
        <p className="text-sm text-soft">{t(`${kind}.lead`)}</p>
      </div>
      <Confirm
        action={t(`${kind}.action`)}
        disabled={busy || r.status === 'running'}
        title={t(`${kind}.ask`, { bank: name })}
        text={text.filter(Boolean).join(' ')}
        yes={t(`${kind}.yes`)}
        onConfirm={onConfirm}
      />
    </section>
  );
}
