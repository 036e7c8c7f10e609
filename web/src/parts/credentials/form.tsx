import { useEffect, useRef } from 'react';
import { useSaveCredential, type Change } from '../../api/credentials';
import { ApiError, type Credential } from '../../api/client';
import { t } from '../../messages';
import { text } from '../../pages/setup';
import { Input } from '../input';
import { Failure } from '../states';

interface Props {
  /** What is changed; without it, a new one is made. */
  start: Credential | undefined;
  onSaved: (group: string) => void;
  onCancel: () => void;
}

/** What the platform may refuse at a field of its own here. */
const fields = ['group', 'label', 'clientId', 'clientSecret', 'apiKey', 'more', 'validFrom', 'validUntil'];

/** What a portal gave, by hand. Secrets are never filled in, and cleared once they were sent. */
export function CredentialForm({ start, onSaved, onCancel }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const save = useSaveCredential(
    () => changeOf(new FormData(form.current ?? undefined), start),
    (group) => {
      form.current?.reset();
      onSaved(group);
    },
  );
  const error = save.error instanceof ApiError ? save.error : undefined;
  const fault = (name: string) => error?.field(name);
  const told = fields.some((name) => fault(name));
  useEffect(() => {
    if (start) {
      form.current?.querySelector<HTMLInputElement>('[name="label"]')?.focus();
    }
  }, [start]);
  return (
    <section aria-labelledby="save" className="card space-y-4 p-5">
      <div>
        <h2 id="save">{start ? t('cred.save.change', { group: start.group }) : t('cred.save.title')}</h2>
        <p className="text-sm text-soft">{t('cred.save.lead')}</p>
      </div>
      <form
        ref={form}
        className="grid gap-4 sm:grid-cols-2"
        autoComplete="off"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate(undefined, { onSettled: () => clearSecrets(form.current) });
        }}
      >
        {!start && (
          <Input
            name="group"
            label={t('cred.group')}
            hint={t('cred.group.hint')}
            spellCheck={false}
            fault={fault('group')}
          />
        )}
        <Input
          name="label"
          label={t('cred.label')}
          required={false}
          defaultValue={start?.label}
          fault={fault('label')}
        />
        <Input
          name="clientId"
          label={t('cred.client')}
          required={false}
          spellCheck={false}
          defaultValue={start?.clientId}
          fault={fault('clientId')}
        />
        <Secret name="clientSecret" label={t('cred.secret')} fault={fault('clientSecret')} />
        <Secret name="apiKey" label={t('cred.key')} fault={fault('apiKey')} />
        <Input
          name="token"
          label={t('cred.token.name')}
          required={false}
          spellCheck={false}
          fault={fault('more')}
        />
        <Secret name="value" label={t('cred.token.value')} />
        <Input
          name="validFrom"
          type="date"
          label={t('cred.from')}
          required={false}
          defaultValue={day(start?.validFrom)}
          fault={fault('validFrom')}
        />
        <Input
          name="validUntil"
          type="date"
          label={t('cred.until')}
          hint={t('cred.until.hint')}
          required={false}
          defaultValue={day(start?.validUntil)}
          fault={fault('validUntil')}
        />
        <div className="space-y-4 sm:col-span-2">
          {save.isError && !told && <Failure error={save.error} />}
          <div className="flex flex-wrap gap-3">
            <button className="button button-primary" disabled={save.isPending}>
              {t('cred.submit')}
            </button>
            {start && (
              <button type="button" className="button" onClick={onCancel}>
                {t('cred.cancel')}
              </button>
            )}
          </div>
        </div>
      </form>
    </section>
  );
}

function Secret({ name, label, fault }: { name: string; label: string; fault?: string | undefined }) {
  return (
    <Input
      name={name}
      label={label}
      type="password"
      autoComplete="new-password"
      required={false}
      hint={t('wizard.secret')}
      fault={fault}
    />
  );
}

/** Secrets that were filled in, and of the rest what differs from before. */
function changeOf(data: FormData, start: Credential | undefined): Change {
  const body: Change['body'] = {};
  for (const name of ['label', 'clientId'] as const) {
    const value = text(data, name).trim();
    if (value !== (start?.[name] ?? '')) {
      body[name] = value;
    }
  }
  for (const name of ['clientSecret', 'apiKey'] as const) {
    const value = text(data, name);
    if (value) {
      body[name] = value;
    }
  }
  for (const [name, time] of [
    ['validFrom', '00:00:00'],
    ['validUntil', '23:59:59'],
  ] as const) {
    const value = text(data, name);
    if (value !== day(start?.[name])) {
      body[name] = value ? `${value}T${time}Z` : never;
    }
  }
  const token = text(data, 'token').trim();
  if (token) {
    body.more = { [token]: text(data, 'value') };
  }
  return { group: start?.group ?? text(data, 'group').trim(), body };
}

/** The instant that takes a limit away. */
const never = '0001-01-01T00:00:00Z';

function day(instant: string | undefined): string {
  return instant?.slice(0, 10) ?? '';
}

function clearSecrets(form: HTMLFormElement | null): void {
  form?.querySelectorAll<HTMLInputElement>('input[type="password"]').forEach((input) => {
    input.value = '';
  });
}
