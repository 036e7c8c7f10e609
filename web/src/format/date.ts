/** A civil date such as 2026-11-21, for reading. It has no zone, so none is applied. */
export function formatDay(date: string, locale?: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  const utc = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  }).format(utc);
}

/** An instant, in the reader's own zone. */
export function formatInstant(instant: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(instant),
  );
}

/** The day of an instant, in the reader's own zone. */
export function formatDate(instant: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(instant));
}

/** Whole days from now until an instant; below zero once it has passed. */
export function daysUntil(instant: string, now = Date.now()): number {
  return Math.floor((Date.parse(instant) - now) / 86_400_000);
}
