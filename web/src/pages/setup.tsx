import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, api, take } from '../api/client';
import { t } from '../messages';
import { Input } from '../parts/input';
import { Failure } from '../parts/states';

/** The first visit: the owner is made. */
export function SetupPage() {
  const client = useQueryClient();
  const setup = useMutation({
    mutationFn: (form: FormData) =>
      take(
        api.POST('/api/v1/setup', {
          body: { name: text(form, 'name'), email: text(form, 'email'), password: text(form, 'password') },
        }),
      ),
    onSuccess: (me) => client.setQueryData(['me'], me),
  });
  const error = setup.error instanceof ApiError ? setup.error : undefined;
  const faults = (error?.problem?.fields?.length ?? 0) > 0;
  return (
    <div className="mx-auto max-w-md">
      <h1>{t('setup.title')}</h1>
      <p className="mt-2 text-soft">{t('setup.lead')}</p>
      <form
        noValidate
        className="card mt-6 space-y-5 p-6"
        onSubmit={(e) => {
          e.preventDefault();
          setup.mutate(new FormData(e.currentTarget));
        }}
      >
        <Input label={t('setup.name')} name="name" autoComplete="name" fault={error?.field('name')} />
        <Input
          label={t('setup.email')}
          name="email"
          type="email"
          autoComplete="username"
          fault={error?.field('email')}
        />
        <Input
          label={t('setup.password')}
          name="password"
          type="password"
          autoComplete="new-password"
          hint={t('setup.password.hint')}
          fault={error?.field('password')}
        />
        {error && !faults && <Failure error={error} />}
        <button className="button button-primary w-full" disabled={setup.isPending}>
          {t('setup.submit')}
        </button>
      </form>
    </div>
  );
}

export function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
