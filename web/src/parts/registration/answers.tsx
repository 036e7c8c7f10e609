import { useEffect, useRef } from 'react';
import { ApiError, type Field } from '../../api/client';
import { useRegister } from '../../api/registration';
import { t } from '../../messages';
import { Input } from '../input';
import { Failure } from '../states';

interface Props {
  bank: string;
  needs: readonly Field[];
  onAsked: () => void;
}

/** What the bank's procedure asks a human. A secret is in its field until it is sent, and nowhere else. */
export function AnswerForm({ bank, needs, onAsked }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const register = useRegister(bank, onAsked, () => answersOf(form.current));
  const error = register.error instanceof ApiError ? register.error : undefined;
  useEffect(() => {
    if (error) {
      const refused = form.current?.querySelector<HTMLInputElement>('[aria-invalid="true"]');
      (refused ?? form.current?.querySelector('input'))?.focus();
    }
  }, [error]);
  const faulty = needs.some((f) => error?.field(f.name));
  return (
    <form
      ref={form}
      aria-label={t('wizard.answers')}
      autoComplete="off"
      className="max-w-xl space-y-5"
      onSubmit={(e) => {
        e.preventDefault();
        register.mutate(undefined, { onSettled: () => clearSecrets(form.current) });
      }}
    >
      {needs.map((f) => (
        <Input
          key={f.name}
          name={f.name}
          label={f.message.charAt(0).toUpperCase() + f.message.slice(1)}
          type={f.secret ? 'password' : 'text'}
          autoComplete="off"
          fault={error?.field(f.name)}
          {...(f.secret && { hint: t('wizard.secret') })}
        />
      ))}
      {register.isError && !faulty && <Failure error={register.error} />}
      <button className="button button-primary" disabled={register.isPending}>
        {t('wizard.send')}
      </button>
    </form>
  );
}

function answersOf(form: HTMLFormElement | null): Record<string, string> {
  const answers: Record<string, string> = {};
  new FormData(form ?? undefined).forEach((value, name) => {
    if (typeof value === 'string') {
      answers[name] = value;
    }
  });
  return answers;
}

function clearSecrets(form: HTMLFormElement | null): void {
  form?.querySelectorAll<HTMLInputElement>('input[type="password"]').forEach((input) => {
    input.value = '';
  });
}
