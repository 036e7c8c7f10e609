import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take, type APIKey } from '../api/client';
import { queries } from '../api/queries';
import { formatInstant } from '../format/date';
import { t } from '../messages';
import { Confirm } from '../parts/confirm';
import { CopyButton } from '../parts/copy';
import { Input } from '../parts/input';
import { Answered, Failure } from '../parts/states';
import { text } from './setup';

/** Who is signed in, and the keys of programs. */
export function SettingsPage() {
  const client = useQueryClient();
  const me = useQuery(queries.me());
  const signOut = useMutation({
    mutationFn: () => take(api.DELETE('/api/v1/session')),
    onSuccess: () => client.resetQueries(),
  });
  return (
    <div className="space-y-8">
      <h1>{t('settings.title')}</h1>
      <section aria-labelledby="you" className="card flex flex-wrap items-center justify-between gap-4 p-5">
        <div>
          <h2 id="you">{t('settings.you')}</h2>
          <p>
            {me.data?.name} · {me.data?.email}
          </p>
        </div>
        <button type="button" className="button" onClick={() => signOut.mutate()}>
          {t('settings.signout')}
        </button>
      </section>
      <Keys />
    </div>
  );
}

function Keys() {
  const client = useQueryClient();
  const keys = useQuery(queries.keys());
  const stale = () => client.invalidateQueries({ queryKey: ['keys'] });
  const create = useMutation({
    mutationFn: (form: FormData) =>
      take(api.POST('/api/v1/api-keys', { body: { name: text(form, 'name') } })),
    onSuccess: stale,
  });
  const remove = useMutation({
    mutationFn: (id: string) => take(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } })),
    onSuccess: stale,
  });
  return (
    <section aria-labelledby="keys" className="space-y-4">
      <div>
        <h2 id="keys">{t('keys.title')}</h2>
        <p className="text-soft">{t('keys.lead')}</p>
      </div>
      <form
        className="card flex flex-wrap items-end gap-3 p-5"
        onSubmit={(e) => {
          e.preventDefault();
          create.mutate(new FormData(e.currentTarget));
          e.currentTarget.reset();
        }}
      >
        <div className="min-w-60 flex-1">
          <Input label={t('keys.name')} name="name" autoComplete="off" />
        </div>
        <button className="button button-primary" disabled={create.isPending}>
          {t('keys.create')}
        </button>
      </form>
      {create.data?.key && <NewKey value={create.data.key} />}
      {(create.isError || remove.isError) && <Failure error={create.error ?? remove.error} />}
      <Answered query={keys} rows={2}>
        {(all) => (
          <ul className="card divide-y divide-line">
            {all.map((k) => (
              <KeyRow key={k.id} apiKey={k} onDelete={() => remove.mutate(k.id)} />
            ))}
          </ul>
        )}
      </Answered>
    </section>
  );
}

function NewKey({ value }: { value: string }) {
  return (
    <div role="status" className="rounded-xl bg-note-ground p-5">
      <p className="font-semibold">{t('keys.created')}</p>
      <div className="mt-2 flex flex-wrap items-center gap-3">
        <code className="wrap-anywhere">{value}</code>
        <CopyButton text={value} />
      </div>
    </div>
  );
}

function KeyRow({ apiKey: k, onDelete }: { apiKey: APIKey; onDelete: () => void }) {
  return (
    <li className="flex items-center justify-between gap-4 px-5 py-3">
      <span className="min-w-0">
        <span className="block truncate font-semibold">{k.name}</span>
        <span className="block text-sm text-soft">
          <code>{k.hint}…</code> ·{' '}
          {k.lastUsed ? t('keys.used', { date: formatInstant(k.lastUsed) }) : t('keys.unused')}
        </span>
      </span>
      <Confirm
        action={t('keys.delete')}
        label={t('keys.delete.label', { name: k.name })}
        title={t('keys.delete.title', { name: k.name })}
        text={t('keys.delete.text')}
        yes={t('keys.delete.yes')}
        onConfirm={onDelete}
      />
    </li>
  );
}
