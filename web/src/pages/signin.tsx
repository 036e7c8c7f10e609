import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api, take } from '../api/client';
import { t } from '../messages';
import { Input } from '../parts/input';
import { Failure } from '../parts/states';
import { text } from './setup';

/** The way in. */
export function SignInPage({ lead }: { lead?: string }) {
  const client = useQueryClient();
  const signIn = useMutation({
    mutationFn: (form: FormData) =>
      take(
        api.POST('/api/v1/session', {
          body: { email: text(form, 'email'), password: text(form, 'password') },
        }),
      ),
    onSuccess: (me) => client.setQueryData(['me'], me),
  });
  return (
    <div className="mx-auto max-w-md">
      <h1>{t('signin.title')}</h1>
      {lead && <p className="mt-2 text-soft">{lead}</p>}
      <form
        className="card mt-6 space-y-5 p-6"
        onSubmit={(e) => {
          e.preventDefault();
          signIn.mutate(new FormData(e.currentTarget));
        }}
      >
        <Input label={t('setup.email')} name="email" type="email" autoComplete="username" />
        <Input label={t('setup.password')} name="password" type="password" autoComplete="current-password" />
        {signIn.isError && <Failure error={signIn.error} />}
        <button className="button button-primary w-full" disabled={signIn.isPending}>
          {t('signin.submit')}
        </button>
      </form>
    </div>
  );
}
