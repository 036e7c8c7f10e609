import { useNavigate } from '@tanstack/react-router';
import { useDelete } from '../../api/certificates';
import { t } from '../../messages';
import { Confirm } from '../confirm';
import { Failure } from '../states';

/** Ends a key for good, after a question; a bank that uses it keeps it. */
export function DeleteCertificate({ name }: { name: string }) {
  const navigate = useNavigate();
  const remove = useDelete(name, () => void navigate({ to: '/certificates' }));
  return (
    <section aria-labelledby="delete" className="card space-y-4 p-5">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div>
          <h2 id="delete">{t('certdel.title')}</h2>
          <p className="text-sm text-soft">{t('certdel.lead')}</p>
        </div>
        <Confirm
          action={t('certdel.action', { name })}
          disabled={remove.isPending}
          title={t('certdel.ask', { name })}
          text={t('certdel.text')}
          yes={t('certdel.yes')}
          onConfirm={() => remove.mutate()}
        />
      </div>
      {remove.isError && <Failure error={remove.error} />}
    </section>
  );
}
