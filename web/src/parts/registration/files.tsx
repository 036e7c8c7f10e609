import { useMutation } from '@tanstack/react-query';
import { api, take } from '../../api/client';
import { t } from '../../messages';
import { CopyButton } from '../copy';
import { save } from '../save';
import { Failure } from '../states';

/** The files that the registration made. */
export function Files({ bank, names }: { bank: string; names: readonly string[] }) {
  return (
    <section aria-labelledby="files" className="space-y-3">
      <div>
        <h2 id="files">{t('files.title')}</h2>
        <p className="text-sm text-soft">{t('files.lead')}</p>
      </div>
      <ul className="card divide-y divide-line">
        {names.map((name) => (
          <FileRow key={name} bank={bank} name={name} />
        ))}
      </ul>
    </section>
  );
}

function FileRow({ bank, name }: { bank: string; name: string }) {
  const file = useMutation({
    mutationFn: () =>
      take(api.GET('/api/v1/registrations/{bank}/files/{name}', { params: { path: { bank, name } } })),
  });
  return (
    <li className="space-y-3 px-5 py-3">
      <div className="flex flex-col gap-x-3 gap-y-2 sm:flex-row sm:items-center sm:justify-between">
        <code className="wrap-anywhere">{name}</code>
        <div className="flex gap-2">
          <button
            type="button"
            className="button"
            aria-label={t('files.download.label', { name })}
            disabled={file.isPending}
            onClick={() => file.mutate(undefined, { onSuccess: (f) => save(f.name, f.content) })}
          >
            {t('files.download')}
          </button>
          <CopyButton
            text={async () => (await file.mutateAsync()).content}
            label={t('files.copy.label', { name })}
          />
        </div>
      </div>
      {file.isError && <Failure error={file.error} />}
    </li>
  );
}
