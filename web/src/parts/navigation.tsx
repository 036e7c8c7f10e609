import { Link, useRouterState } from '@tanstack/react-router';
import { useEffect, useId, useState } from 'react';
import { t, type MessageKey } from '../messages';

interface Place {
  to:
    | '/'
    | '/transactions'
    | '/connections'
    | '/payments'
    | '/registrations'
    | '/certificates'
    | '/audit'
    | '/settings';
  label: MessageKey;
}

const places: readonly Place[] = [
  { to: '/', label: 'nav.home' },
  { to: '/transactions', label: 'nav.transactions' },
  { to: '/connections', label: 'nav.connections' },
];

/** What a phone shows behind "More": its bar has no room for all. */
const more: readonly Place[] = [
  { to: '/payments', label: 'nav.payments' },
  { to: '/registrations', label: 'nav.registrations' },
  { to: '/certificates', label: 'nav.certificates' },
  { to: '/audit', label: 'nav.audit' },
  { to: '/settings', label: 'nav.settings' },
];

const look =
  'flex min-h-14 flex-1 items-center justify-center px-1 text-sm font-semibold -outline-offset-4 lg:min-h-11 lg:flex-none lg:rounded-lg lg:px-3';

/** The places of the app: a line in the header, and a bar at the bottom of small screens. */
export function Navigation() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const [openAt, setOpenAt] = useState<string>(); // a new page closes it
  const open = openAt === path;
  const id = useId();
  const inside = more.some(({ to }) => path.startsWith(to));
  useEffect(() => {
    if (!open) {
      return;
    }
    const close = (e: KeyboardEvent) => e.key === 'Escape' && setOpenAt(undefined);
    document.addEventListener('keydown', close);
    return () => document.removeEventListener('keydown', close);
  }, [open]);
  return (
    <nav
      aria-label={t('nav.main')}
      className="fixed inset-x-0 bottom-0 z-5 flex justify-around border-t border-line bg-card lg:static lg:ml-auto lg:gap-1 lg:border-0"
    >
      {places.map((place) => (
        <NavLink key={place.to} place={place} />
      ))}
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        className={`${look} ${inside ? 'text-navy' : 'text-soft'} lg:hidden`}
        onClick={() => setOpenAt(open ? undefined : path)}
      >
        {t('nav.more')}
      </button>
      <div
        id={id}
        className={`${open ? 'flex' : 'hidden'} absolute right-2 bottom-full mb-2 min-w-48 flex-col rounded-xl border border-line bg-card shadow-lg lg:static lg:mb-0 lg:flex lg:min-w-0 lg:flex-row lg:gap-1 lg:border-0 lg:shadow-none`}
      >
        {more.map((place) => (
          <NavLink key={place.to} place={place} onClick={() => setOpenAt(undefined)} />
        ))}
      </div>
    </nav>
  );
}

function NavLink({ place: { to, label }, onClick }: { place: Place; onClick?: () => void }) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      className={`${look} text-soft aria-[current=page]:text-navy lg:aria-[current=page]:bg-ground`}
      {...(onClick && { onClick })}
    >
      {t(label)}
    </Link>
  );
}
