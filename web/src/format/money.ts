/** Money as the API sends it: a plain decimal and a currency. It is never a JavaScript number. */
export interface Money {
  readonly amount: string;
  readonly currency: string;
}

const plain = /^(-?)(\d+)(?:\.(\d+))?$/;

function parts(amount: string): { negative: boolean; whole: string; fraction: string } {
  const match = plain.exec(amount);
  if (!match) {
    throw new Error(`not a decimal amount: ${amount}`);
  }
  return { negative: match[1] === '-', whole: match[2] ?? '0', fraction: match[3] ?? '' };
}

export function isNegative(m: Money): boolean {
  const { negative, whole, fraction } = parts(m.amount);
  return negative && /[1-9]/.test(whole + fraction);
}

/** The amount for reading, in the user's locale: grouped, signed with a true minus. */
export function formatMoney(m: Money, options: { plus?: boolean; locale?: string } = {}): string {
  const { whole, fraction } = parts(m.amount);
  const format = new Intl.NumberFormat(options.locale, {
    style: 'currency',
    currency: m.currency,
    currencyDisplay: 'narrowSymbol',
    minimumFractionDigits: fraction.length,
    maximumFractionDigits: fraction.length,
  });
  // The engine reads the digits as a decimal string: no rounding through a float.
  const digits = format.format((fraction ? `${whole}.${fraction}` : whole) as unknown as number);
  if (isNegative(m)) {
    return `−${digits}`;
  }
  return options.plus && /[1-9]/.test(whole + fraction) ? `+${digits}` : digits;
}

/** Totals by currency, exact, in order of currency. */
export function totals(list: readonly Money[]): Money[] {
  const sums = new Map<string, { units: bigint; scale: number }>();
  for (const m of list) {
    const { negative, whole, fraction } = parts(m.amount);
    const sum = sums.get(m.currency) ?? { units: 0n, scale: fraction.length };
    const scale = Math.max(sum.scale, fraction.length);
    const units = BigInt(whole + fraction.padEnd(scale, '0'));
    const before = sum.units * 10n ** BigInt(scale - sum.scale);
    sums.set(m.currency, { units: before + (negative ? -units : units), scale });
  }
  return [...sums.entries()]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([currency, { units, scale }]) => ({ currency, amount: decimal(units, scale) }));
}

function decimal(units: bigint, scale: number): string {
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale > 0 ? `.${digits.slice(digits.length - scale)}` : '';
  return (negative ? '-' : '') + whole + fraction;
}
