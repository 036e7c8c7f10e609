import { useRemoveCredential } from '../../api/credentials';
import type { Credential } from '../../api/client';
import { formatDate } from '../../format/date';
import { t } from '../../messages';
import { Confirm } from '../confirm';
import { CopyButton } from '../copy';
import { Facts } from '../facts';
import { Mark, type Tone } from '../mark';
import { Failure } from '../states';

interface Props {
  onChange: (credential: Credential) => void;
  onRemoved: (group: string) => void;
}

export function CredentialList({ all, ...props }: Props & { all: readonly Credential[] }) {
  return (
    <ul className="space-y-4">
      {all.map((c) => (
        <Card key={c.group} credential={c} {...props} />
      ))}
    </ul>
  );
}

const tones: Readonly<Record<Credential['status'], Tone>> = { ok: 'ok', warn: 'ask', fail: 'fault' };

function Card({ credential: c, onChange, onRemoved }: Props & { credential: Credential }) {
  const remove = useRemoveCredential(onRemoved);
  const { group } = c;
  return (
    <li className="card space-y-3 p-5">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div className="min-w-0">
          <h3 className="font-semibold wrap-anywhere">{group}</h3>
          {c.label && <p className="text-sm text-soft wrap-anywhere">{c.label}</p>}
        </div>
        <span className="inline-flex items-center gap-2 font-semibold">
          <Mark tone={tones[c.status]} />
          {t(`cred.status.${c.status}`)}
        </span>
      </div>
      <Facts
        lines={[
          [t('cred.holds'), c.holds.join(', ')],
          [t('cred.client'), c.clientId && <ClientId key="id" group={group} value={c.clientId} />],
          [t('cred.tokens'), c.more.join(', ')],
          [t('cred.from'), c.validFrom && formatDate(c.validFrom)],
          [t('cred.until'), c.validUntil ? formatDate(c.validUntil) : t('cred.endless')],
          [t('cred.banks'), banksOf(c) || t('cred.banks.none')],
        ]}
      />
      {remove.isError && <Failure error={remove.error} />}
      <div className="flex flex-wrap gap-3">
        <button
          type="button"
          className="button"
          aria-label={t('cred.change.label', { group })}
          onClick={() => onChange(c)}
        >
          {t('cred.change')}
        </button>
        <Confirm
          action={t('cred.remove')}
          label={t('cred.remove.label', { group })}
          disabled={remove.isPending}
          title={t('cred.remove.ask', { group })}
          text={t('cred.remove.text')}
          yes={t('cred.remove.yes')}
          onConfirm={() => remove.mutate(group)}
        />
      </div>
    </li>
  );
}

function ClientId({ group, value }: { group: string; value: string }) {
  return (
    <span className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <code>{value}</code>
      <CopyButton text={value} label={t('cred.client.copy', { group })} />
    </span>
  );
}

function banksOf({ banks }: Credential): string {
  return banks.map((b) => (b.registered ? t('cred.registered', { bank: b.name }) : b.name)).join(', ');
}
