import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { Credential } from '../api/client';
import { queries } from '../api/queries';
import { t } from '../messages';
import { Tabs } from '../parts/certificates/tabs';
import { CredentialForm } from '../parts/credentials/form';
import { CredentialList } from '../parts/credentials/list';
import { Answered, Empty } from '../parts/states';

/** What banks gave to log in with; never the secrets themselves. */
export function CredentialsPage() {
  const credentials = useQuery(queries.credentials());
  const heading = useRef<HTMLHeadingElement>(null);
  const [changing, setChanging] = useState<Credential>();
  const [said, setSaid] = useState('');
  return (
    <div className="space-y-6">
      <div>
        <h1>{t('cred.title')}</h1>
        <p className="mt-2 max-w-prose text-soft">{t('cred.lead')}</p>
      </div>
      <Tabs />
      <p role="status" className="font-semibold empty:hidden">
        {said}
      </p>
      <h2 ref={heading} tabIndex={-1} className="sr-only">
        {t('cred.title')}
      </h2>
      <Answered query={credentials}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={t('cred.empty')} text={t('cred.empty.text')} />
          ) : (
            <CredentialList
              all={all}
              onChange={(c) => {
                setSaid('');
                setChanging(c);
              }}
              onRemoved={(group) => {
                setSaid(t('cred.removed', { group }));
                setChanging(undefined);
                heading.current?.focus();
              }}
            />
          )
        }
      </Answered>
      <CredentialForm
        key={changing?.group ?? ''}
        start={changing}
        onCancel={() => setChanging(undefined)}
        onSaved={(group) => {
          setSaid(t('cred.saved', { group }));
          setChanging(undefined);
          heading.current?.focus();
        }}
      />
    </div>
  );
}
