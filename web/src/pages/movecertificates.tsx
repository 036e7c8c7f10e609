import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { queries } from '../api/queries';
import { t } from '../messages';
import { Back } from '../parts/back';
import { Move } from '../parts/certificates/move';
import { Select } from '../parts/input';
import { Answered, Empty, Loading } from '../parts/states';

/** Moves a bank's registration to other certificates. */
export function MoveCertificatesPage() {
  const { bank: chosen } = useSearch({ from: '/certificates/-/move' });
  const navigate = useNavigate({ from: '/certificates/-/move' });
  const banks = useQuery(queries.banks());
  const certificates = useQuery(queries.certificates());
  return (
    <div className="mx-auto max-w-2xl space-y-6">
      <Back to="/certificates" label={t('cert.back')} />
      <div>
        <h1>{t('move.title')}</h1>
        <p className="mt-2 text-soft">{t('move.lead')}</p>
      </div>
      <Answered query={banks}>
        {(all) => {
          const ready = all.filter((b) => b.registration.status === 'registered');
          const bank = ready.find((b) => b.id === chosen) ?? ready[0];
          if (!bank) {
            return <Empty title={t('move.none')} text={t('move.none.text')} />;
          }
          return (
            <>
              <Select
                name="bank"
                label={t('move.bank')}
                value={bank.id}
                onChange={(e) => void navigate({ search: { bank: e.target.value }, replace: true })}
                options={ready.map((b) => ({ value: b.id, label: b.name }))}
              />
              {certificates.isPending ? (
                <Loading rows={3} />
              ) : (
                <Move key={bank.id} bank={bank} certificates={certificates.data ?? []} />
              )}
            </>
          );
        }}
      </Answered>
    </div>
  );
}
