import { useQuery } from '@tanstack/react-query';
import { Outlet, useMatches, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import { useEvents } from '../api/events';
import { queries } from '../api/queries';
import { t, type MessageKey } from '../messages';
import { SetupPage } from '../pages/setup';
import { SignInPage } from '../pages/signin';
import { Navigation } from './navigation';
import { Failure, Loading } from './states';

/** The frame of every page: who is not signed in sees only the way in, and what is for everybody. */
export function Shell() {
  const me = useQuery(queries.me());
  const signedIn = me.data?.signedIn ?? false;
  const route = useMatches({ select: (matches) => matches.at(-1)?.staticData ?? {} });
  const shown = me.data && (me.data.setupNeeded ? 'setup' : signedIn || route.everybody ? 'page' : 'signin');
  useTitle(shown === 'page' ? route.title : shown && `${shown}.title`);
  return (
    <Frame nav={signedIn && <Navigation />}>
      {signedIn && <Events />}
      {shown === 'page' ? (
        <Outlet />
      ) : shown === 'setup' ? (
        <SetupPage />
      ) : shown === 'signin' ? (
        <SignInPage />
      ) : me.isError ? (
        <Failure error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}

/** Names the window after the page. */
function useTitle(page: MessageKey | undefined) {
  useEffect(() => {
    document.title = page ? t('app.page', { page: t(page) }) : t('app.name');
  }, [page]);
}

function Events() {
  useEvents();
  return null;
}

function Frame({ nav, children }: { nav?: ReactNode; children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (s) => s.location.pathname });
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    main.current?.focus(); // a new page begins at its content, for keyboards and screen readers
  }, [path]);
  return (
    <div className="min-h-dvh pb-20 lg:pb-0">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:absolute focus:left-3 focus:top-3 focus:z-10 focus:bg-card focus:p-3"
      >
        {t('app.skip')}
      </a>
      <header className="border-b border-line bg-card">
        <div className="mx-auto flex h-16 max-w-4xl items-center gap-3 px-4 lg:max-w-6xl">
          <img src="/mark.svg" alt="" width={30} height={30} />
          <span className="font-bold tracking-tight whitespace-nowrap lg:sr-only xl:not-sr-only">
            {t('app.name')}
          </span>
          {nav}
        </div>
      </header>
      <main id="content" ref={main} tabIndex={-1} className="mx-auto max-w-4xl px-4 py-8 outline-none">
        {children}
      </main>
    </div>
  );
}
