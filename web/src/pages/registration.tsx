import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useRef } from 'react';
import type { Registration } from '../api/client';
import { queries } from '../api/queries';
import { useDeregister } from '../api/registration';
import { t } from '../messages';
import { Deregister } from '../parts/registration/deregister';
import { Files } from '../parts/registration/files';
import { Health } from '../parts/registration/health';
import { moves, pace } from '../parts/registration/standing';
import { StandingPanel } from '../parts/registration/panel';
import { Steps } from '../parts/registration/steps';
import { Answered, Failure, Loading } from '../parts/states';

/** Becoming a client of one bank: a procedure of steps that can be left and taken up again. */
export function RegistrationPage() {
  const { bank } = useParams({ from: '/registrations/$bank' });
  const banks = useQuery(queries.banks());
  const registration = useQuery({
    ...queries.registration(bank),
    refetchInterval: ({ state }) => (moves(state.data) ? pace : false),
  });
  const found = banks.data?.find((b) => b.id === bank);
  return (
    <div className="space-y-6">
      <Link
        to="/registrations"
        search={{}}
        activeOptions={{ exact: true }}
        className="block w-fit text-navy underline underline-offset-4"
      >
        {t('wizard.back')}
      </Link>
      {banks.isPending ? (
        <Loading />
      ) : (
        <Answered query={registration}>
          {(r) => (
            <>
              <div>
                <h1>{found?.name ?? bank}</h1>
                {found?.about && <p className="mt-2 text-soft">{found.about}</p>}
              </div>
              <Procedure key={bank} name={found?.name ?? bank} registration={r} />
            </>
          )}
        </Answered>
      )}
    </div>
  );
}

function Procedure({ name, registration: r }: { name: string; registration: Registration }) {
  const panel = useRef<HTMLElement>(null);
  // What was pressed may be gone: the keyboard goes on where the outcome is told.
  const focus = () => panel.current?.focus();
  const end = useDeregister(r.bank, focus);
  return (
    <>
      <StandingPanel ref={panel} name={name} registration={r} ended={end.data} onAsked={focus} />
      <Steps registration={r} />
      {r.health.status !== 'none' && (
        <section aria-labelledby="health" className="card space-y-3 p-5">
          <h2 id="health">{t('health.title')}</h2>
          <Health health={r.health} details />
          {r.status === 'registered' && (
            <Link
              to="/certificates/-/move"
              search={{ bank: r.bank }}
              className="block w-fit text-navy underline underline-offset-4"
            >
              {t('move.link')}
            </Link>
          )}
        </section>
      )}
      {r.files && r.files.length > 0 && <Files bank={r.bank} names={r.files} />}
      {r.status !== 'not_registered' && (
        <Deregister name={name} registration={r} busy={end.isPending} onConfirm={() => end.mutate()} />
      )}
      {end.isError && <Failure error={end.error} />}
    </>
  );
}
