import { Link } from '@tanstack/react-router';
import type { AuditEntry } from '../../api/client';
import { formatInstant } from '../../format/date';
import { t } from '../../messages';

/** Entries of the log, in the order they come. */
export function AuditEntries({ entries }: { entries: readonly AuditEntry[] }) {
  return (
    <ol aria-label={t('audit.list')} className="card divide-y divide-line">
      {entries.map((e) => (
        <Entry key={e.seq} entry={e} />
      ))}
    </ol>
  );
}

function Entry({ entry: e }: { entry: AuditEntry }) {
  const detail = Object.entries(e.detail);
  return (
    <li className="grid gap-x-4 px-5 py-3 text-sm sm:grid-cols-[3rem_12rem_1fr]">
      <span className="text-soft tabular-nums">
        <span className="sr-only">{t('audit.seq')} </span>
        {e.seq}
      </span>
      <span className="min-w-0 text-soft">
        <time dateTime={e.at}>{formatInstant(e.at)}</time>
        <span className="block wrap-anywhere">{actor(e.actor)}</span>
      </span>
      <span className="min-w-0">
        <code className="font-semibold wrap-anywhere">{e.action}</code>{' '}
        <Link
          to="/audit"
          search={{ subject: e.subject }}
          className="text-navy underline underline-offset-4 wrap-anywhere"
        >
          {e.subject}
        </Link>
        {detail.length > 0 && (
          <span className="block text-soft wrap-anywhere">
            {detail.map(([name, value]) => `${name}: ${value}`).join(', ')}
          </span>
        )}
      </span>
    </li>
  );
}

/** Who did it: a person, a program with a key, or the platform by itself. */
function actor(who: string): string {
  const [kind, id] = who.split(':', 2);
  if (kind === 'user' || kind === 'key') {
    return `${t(`audit.${kind}`)} ${id ?? ''}`;
  }
  return who === 'system' ? t('audit.system') : who;
}
