import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take, type AuditProof } from '../../api/client';
import { t } from '../../messages';
import { text } from '../../pages/setup';
import { CopyButton } from '../copy';
import { Facts } from '../facts';
import { Input } from '../input';
import { Mark } from '../mark';
import { Failure } from '../states';

interface Noted {
  readonly entries: number;
  readonly head: string;
}

/** Checks the whole log, and what was noted of it earlier, and says it in words. */
export function Proof() {
  const [half, setHalf] = useState(false);
  const prove = useMutation({
    mutationFn: (noted: Noted | undefined) =>
      take(api.GET('/api/v1/audit/proof', { params: { query: { ...noted } } })),
  });
  return (
    <section aria-labelledby="proof" className="card space-y-4 p-5">
      <div>
        <h2 id="proof">{t('proof.title')}</h2>
        <p className="max-w-prose text-sm text-soft">{t('proof.lead')}</p>
      </div>
      <form
        className="grid gap-4 sm:grid-cols-[12rem_1fr]"
        autoComplete="off"
        onSubmit={(e) => {
          e.preventDefault();
          const data = new FormData(e.currentTarget);
          const [entries, head] = [text(data, 'entries').trim(), text(data, 'head').trim()];
          const wrong = (entries === '') !== (head === '') || /\D/.test(entries);
          setHalf(wrong);
          if (!wrong) {
            prove.mutate(head ? { entries: Number(entries), head } : undefined);
          }
        }}
      >
        <Input
          name="entries"
          label={t('proof.entries')}
          required={false}
          fault={half ? t('proof.both') : undefined}
        />
        <Input name="head" label={t('proof.head')} required={false} spellCheck={false} maxLength={64} />
        <button className="button button-primary w-fit" disabled={prove.isPending}>
          {t('proof.action')}
        </button>
      </form>
      <div role="status">{prove.data && <Outcome proof={prove.data} />}</div>
      {prove.isError && <Failure error={prove.error} />}
    </section>
  );
}

function Outcome({ proof: p }: { proof: AuditProof }) {
  return (
    <div className={`space-y-2 rounded-xl p-4 ${p.whole ? 'bg-note-ground' : 'bg-fault-ground'}`}>
      <p className="flex items-center gap-2 font-semibold">
        <Mark tone={p.whole ? 'ok' : 'fault'} />
        {verdict(p)}
      </p>
      {p.noted && <p>{t(`proof.${p.noted}`)}</p>}
      <h3 className="text-sm font-semibold">{t('proof.note')}</h3>
      <Facts
        lines={[
          [t('proof.note.entries'), p.entries],
          [t('proof.note.head'), <code key="head">{p.head}</code>],
        ]}
      />
      <CopyButton text={`${p.entries} ${p.head}`} label={t('proof.note.copy')} />
    </div>
  );
}

function verdict({ whole, broken, entries }: AuditProof): string {
  if (broken) {
    return t('proof.broken', { n: broken });
  }
  return whole ? t('proof.whole', { n: entries }) : t('proof.damaged');
}
