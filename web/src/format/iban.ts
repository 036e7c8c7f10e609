/** An IBAN as it is sent: without spaces, in capitals. */
export function tidyIBAN(typed: string): string {
  return typed.replace(/[\s-]/g, '').toUpperCase();
}

/** An IBAN in groups of four, for reading. */
export function groupIBAN(iban: string): string {
  return tidyIBAN(iban).replace(/(.{4})(?=.)/g, '$1 ');
}

/** Form and check digits by ISO 13616: the number modulo 97 is 1. */
export function isIBAN(typed: string): boolean {
  const iban = tidyIBAN(typed);
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) {
    return false;
  }
  let rest = 0;
  for (const sign of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
