/** A duration in nanoseconds, for reading: 153 ms, 1.2 sec. */
export function formatDuration(nanoseconds: number, locale?: string): string {
  const ms = nanoseconds / 1e6;
  const [value, unit, digits] = ms < 1000 ? [ms, 'millisecond', ms < 1 ? 1 : 0] : [ms / 1000, 'second', 1];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: digits }).format(value);
}
