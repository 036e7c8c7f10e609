import { useEffect, useRef, useState } from 'react';
import { ApiError, type CertificateOrder } from '../../api/client';
import { t } from '../../messages';
import { text } from '../../pages/setup';
import { Choice, Several } from '../choice';
import { Input, Select } from '../input';
import { Failure } from '../states';
import { roleName } from './standing';

export type How = 'request' | 'issue';

interface Props {
  start: {
    readonly name: string | undefined;
    readonly organisation: string | undefined;
    readonly organizationIdentifier: string | undefined;
  };
  busy: boolean;
  error: Error | null;
  onOrder: (how: How, order: CertificateOrder) => void;
}

const roles = ['PSP_AI', 'PSP_PI', 'PSP_IC', 'PSP_AS'].map((value) => ({ value, label: roleName(value) }));

/** What the platform may refuse at a field of its own here. */
const fields = ['name', 'organisation', 'organizationIdentifier', 'country', 'commonName', 'dnsNames'];

/** Which certificate is wanted, and from whom. */
export function OrderForm({ start, busy, error, onOrder }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [how, setHow] = useState<How>('request');
  const [type, setType] = useState<CertificateOrder['type']>('qwac');
  const [profile, setProfile] = useState<'psd2' | 'ob'>('psd2');
  const [chosen, setChosen] = useState<string[]>(['PSP_AI']);
  const refused = error instanceof ApiError ? error : undefined;
  const told = fields.some((name) => refused?.field(name));
  useEffect(() => {
    if (refused) {
      form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  }, [refused]);
  const order = (data: FormData): CertificateOrder => ({
    name: text(data, 'name').trim(),
    type,
    profile,
    algorithm: text(data, 'algorithm') === 'ECDSA-P-256' ? 'ECDSA-P-256' : 'RSA-2048',
    organisation: text(data, 'organisation').trim(),
    organizationIdentifier: text(data, 'identifier').trim(),
    ...filled('country', text(data, 'country').trim().toUpperCase()),
    ...filled('commonName', text(data, 'common').trim()),
    roles: chosen,
    ...(type === 'qwac' && {
      dnsNames: text(data, 'hosts')
        .split(/[\s,;]+/)
        .filter(Boolean),
    }),
  });
  return (
    <form
      ref={form}
      className="card space-y-5 p-6"
      autoComplete="off"
      onSubmit={(e) => {
        e.preventDefault();
        onOrder(how, order(new FormData(e.currentTarget)));
      }}
    >
      <Choice
        legend={t('order.how')}
        name="how"
        value={how}
        onChange={setHow}
        options={[
          { value: 'request', label: t('order.how.request') },
          { value: 'issue', label: t('order.how.issue') },
        ]}
      />
      <Choice
        legend={t('order.type')}
        name="type"
        value={type}
        onChange={setType}
        options={[
          { value: 'qwac', label: t('order.type.qwac') },
          { value: 'qseal', label: t('order.type.qseal') },
        ]}
      />
      <Choice
        legend={t('order.profile')}
        name="profile"
        value={profile}
        onChange={setProfile}
        options={[
          { value: 'psd2', label: t('order.profile.psd2') },
          { value: 'ob', label: t('order.profile.ob') },
        ]}
      />
      <Input
        name="name"
        label={t('order.name')}
        hint={t('import.name.hint')}
        defaultValue={start.name}
        spellCheck={false}
        fault={refused?.field('name')}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <Input
          name="organisation"
          label={t('order.organisation')}
          defaultValue={start.organisation}
          fault={refused?.field('organisation') ?? refused?.field('subject.organisation')}
        />
        <Input
          name="identifier"
          label={t('order.identifier')}
          hint={t('order.identifier.hint')}
          defaultValue={start.organizationIdentifier}
          spellCheck={false}
          fault={refused?.field('organizationIdentifier')}
        />
        <Input
          name="country"
          label={t('order.country')}
          hint={t('order.country.hint')}
          required={false}
          maxLength={2}
          fault={refused?.field('country') ?? refused?.field('subject.country')}
        />
        <Input
          key={profile}
          name="common"
          label={t(profile === 'ob' ? 'order.directory' : 'order.common')}
          hint={t(profile === 'ob' ? 'order.directory.hint' : 'order.common.hint')}
          required={profile === 'ob'}
          spellCheck={false}
          fault={refused?.field('commonName') ?? refused?.field('subject.commonName')}
        />
      </div>
      {type === 'qwac' && (
        <Input
          name="hosts"
          label={t('order.hosts')}
          hint={t('order.hosts.hint')}
          required={profile === 'psd2'}
          spellCheck={false}
          fault={refused?.field('dnsNames')}
        />
      )}
      <Several legend={t('order.roles')} name="roles" values={chosen} onChange={setChosen} options={roles} />
      <Select
        name="algorithm"
        label={t('order.algorithm')}
        options={['RSA-2048', 'ECDSA-P-256'].map((value) => ({ value, label: value }))}
      />
      {error && !told && <Failure error={error} />}
      <button className="button button-primary" disabled={busy}>
        {t(how === 'issue' ? 'order.issue' : 'order.request')}
      </button>
    </form>
  );
}

function filled<K extends string>(key: K, value: string): Partial<Record<K, string>> {
  return value ? ({ [key]: value } as Partial<Record<K, string>>) : {};
}
