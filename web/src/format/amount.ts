/** An amount as it was typed, as the API takes it: a comma is a point, spaces are nothing. */
export function tidyAmount(typed: string): string {
  return typed.replace(/\s/g, '').replace(',', '.');
}

/** What is wrong with an amount to pay; undefined when nothing is. */
export function amountFault(typed: string, currency: string): 'amount' | 'decimals' | undefined {
  const match = /^\d{1,15}(?:\.(\d+))?$/.exec(tidyAmount(typed));
  if (!match || !/[1-9]/.test(typed)) {
    return 'amount';
  }
  return (match[1]?.length ?? 0) > decimalsOf(currency) ? 'decimals' : undefined;
}

/** How many decimals a currency has. */
function decimalsOf(currency: string): number {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    return format.resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}
