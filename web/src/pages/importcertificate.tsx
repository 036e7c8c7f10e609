import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useImport } from '../api/certificates';
import { ApiError, type CertificateImport } from '../api/client';
import { t } from '../messages';
import { Back } from '../parts/back';
import { fileOf, PEMField, readPEM } from '../parts/certificates/pemfield';
import { Choice } from '../parts/choice';
import { Input } from '../parts/input';
import { Failure } from '../parts/states';
import { text } from './setup';

type Form = 'pem' | 'pkcs12';

/** Keeps a key made elsewhere; it is in the form until it is sent, and nowhere else here. */
export function ImportCertificatePage() {
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [kind, setKind] = useState<Form>('pem');
  const [empty, setEmpty] = useState(false);
  const missing = empty ? t('import.nothing') : undefined;
  const add = useImport(
    () => answersOf(form.current, kind),
    (c) => void navigate({ to: '/certificates/$name', params: { name: c.name } }),
  );
  const error = add.error instanceof ApiError ? add.error : undefined;
  const told = ['name', 'pem', 'pkcs12', 'password'].some((name) => error?.field(name));
  return (
    <div className="mx-auto max-w-xl space-y-6">
      <Back to="/certificates" label={t('cert.back')} />
      <div>
        <h1>{t('import.title')}</h1>
        <p className="mt-2 text-soft">{t('import.lead')}</p>
      </div>
      <form
        ref={form}
        className="card space-y-5 p-6"
        autoComplete="off"
        onChange={() => setEmpty(false)}
        onSubmit={(e) => {
          e.preventDefault();
          const nothing = !holdsKey(e.currentTarget);
          setEmpty(nothing);
          if (nothing) {
            e.currentTarget.querySelector<HTMLInputElement>('input[type="file"]')?.focus();
            return;
          }
          add.mutate(undefined, { onSettled: () => clearSecrets(form.current) });
        }}
      >
        <Input
          name="name"
          label={t('import.name')}
          hint={t('import.name.hint')}
          autoComplete="off"
          spellCheck={false}
          fault={error?.field('name')}
        />
        <Choice
          legend={t('import.form')}
          name="form"
          value={kind}
          onChange={(form) => {
            add.reset();
            setKind(form);
          }}
          options={[
            { value: 'pem', label: t('import.form.pem') },
            { value: 'pkcs12', label: t('import.form.pkcs12') },
          ]}
        />
        {kind === 'pem' ? (
          <PEMField
            key="pem"
            file="import.pem"
            hint="import.pem.hint"
            paste="import.paste"
            secret
            fault={missing ?? error?.field('pem')}
          />
        ) : (
          <>
            <Input
              key="pkcs12"
              name="file"
              type="file"
              label={t('import.pkcs12')}
              accept=".p12,.pfx,application/x-pkcs12"
              required={false}
              fault={missing ?? error?.field('pkcs12')}
            />
            <Input
              name="password"
              type="password"
              label={t('import.password')}
              autoComplete="new-password"
              required={false}
              fault={error?.field('password')}
            />
          </>
        )}
        {add.isError && !told && <Failure error={add.error} />}
        <button className="button button-primary" disabled={add.isPending}>
          {t('import.submit')}
        </button>
      </form>
    </div>
  );
}

async function answersOf(form: HTMLFormElement | null, kind: Form): Promise<CertificateImport> {
  if (!form) {
    return { name: '' };
  }
  const data = new FormData(form);
  const name = text(data, 'name').trim();
  if (kind === 'pem') {
    return { name, pem: await readPEM(form) };
  }
  const bytes = new Uint8Array((await fileOf(form)?.arrayBuffer()) ?? []);
  return { name, pkcs12: base64(bytes), password: text(data, 'password') };
}

/** Whether something was chosen or pasted. */
function holdsKey(form: HTMLFormElement): boolean {
  return fileOf(form) !== undefined || Boolean(form.querySelector('textarea')?.value);
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));
}

function clearSecrets(form: HTMLFormElement | null): void {
  form
    ?.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('[type="password"], [type="file"], textarea')
    .forEach((field) => {
      field.value = '';
    });
}
