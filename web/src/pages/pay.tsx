import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { usePay } from '../api/payments';
import { ApiError, type Bank } from '../api/client';
import { queries } from '../api/queries';
import { t } from '../messages';
import { Back } from '../parts/back';
import { ConfirmPayment } from '../parts/payment/confirm';
import { emptyDraft, orderOf, refusedFields, type Draft } from '../parts/payment/draft';
import { PayForm } from '../parts/payment/form';
import { Answered, Empty } from '../parts/states';

/** Orders a payment: it is typed, looked at once more, and authorised at the bank. */
export function PayPage() {
  const banks = useQuery(queries.banks());
  return (
    <div className="mx-auto max-w-xl space-y-6">
      <Back to="/payments" label={t('pay.back')} />
      <Answered query={banks}>
        {(all) => {
          const paying = all.filter(pays);
          const [first] = paying;
          return first ? <Pay banks={paying} first={first} /> : <Nobody />;
        }}
      </Answered>
    </div>
  );
}

function pays(bank: Bank): boolean {
  return bank.registration.status === 'registered' && bank.offers.includes('payments');
}

function Nobody() {
  return (
    <>
      <h1>{t('pay.new.title')}</h1>
      <Empty title={t('pay.none')} text={t('pay.none.text')}>
        <Link to="/registrations" search={{}} className="button button-primary">
          {t('pay.none.action')}
        </Link>
      </Empty>
    </>
  );
}

function Pay({ banks, first }: { banks: readonly Bank[]; first: Bank }) {
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>({ ...emptyDraft, bank: first.id });
  const [checking, setChecking] = useState(false);
  // One key for what is confirmed: pressing twice, or again after silence, pays once.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const pay = usePay((payment) => {
    if (payment.redirect) {
      window.location.assign(payment.redirect);
    } else {
      void navigate({ to: '/payments/$id', params: { id: payment.id } });
    }
  });
  const error = pay.error instanceof ApiError ? pay.error : undefined;
  const refused = error ? refusedFields((name) => error.field(name)) : {};
  const faulty = Object.keys(refused).length > 0;
  const bank = banks.find((b) => b.id === draft.bank) ?? first;
  const change = () => {
    if (!pay.isIdle) {
      setKey(crypto.randomUUID()); // what was sent keeps its key
    }
    setChecking(false);
  };
  if (checking && !faulty) {
    return (
      <ConfirmPayment
        order={orderOf(draft)}
        bank={bank}
        busy={pay.isPending}
        error={pay.error}
        onGo={() => pay.mutate({ key, order: orderOf(draft) })}
        onChange={change}
      />
    );
  }
  return (
    <>
      <div>
        <h1>{t('pay.new.title')}</h1>
        <p className="mt-2 text-soft">{t('pay.new.lead')}</p>
      </div>
      <PayForm
        banks={banks}
        draft={draft}
        refused={refused}
        onChange={(part) => setDraft((now) => ({ ...now, ...part }))}
        onDone={() => {
          if (faulty) {
            setKey(crypto.randomUUID());
            pay.reset();
          }
          setChecking(true);
        }}
      />
    </>
  );
}
