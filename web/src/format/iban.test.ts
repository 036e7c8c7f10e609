import { expect, it } from 'vitest';
import { groupIBAN, isIBAN, tidyIBAN } from './iban';

it.each([
  ['FI2112345600000785', true],
  ['fi21 1234 5600 0007 85', true],
  ['GB82 WEST 1234 5698 7654 32', true],
  ['NL91ABNA0417164300', true],
  ['MT84MALT011000012345MTLCAST001S', true],
  ['FI2112345600000786', false], // a wrong digit
  ['FI1212345600000785', false], // two digits the other way round
  ['GB82WEST12345698765432X', false],
  ['2112345600000785', false],
  ['FI21', false],
  ['', false],
])('%s is an IBAN: %s', (typed, valid) => {
  expect(isIBAN(typed)).toBe(valid);
});

it('finds every single wrong digit', () => {
  const iban = 'FI2112345600000785';
  for (let at = 2; at < iban.length; at++) {
    for (const digit of '0123456789') {
      if (digit !== iban[at]) {
        expect(isIBAN(iban.slice(0, at) + digit + iban.slice(at + 1))).toBe(false);
      }
    }
  }
});

it('writes one way for reading and one for sending', () => {
  expect(groupIBAN('FI2112345600000785')).toBe('FI21 1234 5600 0007 85');
  expect(groupIBAN('fi21 1234')).toBe('FI21 1234');
  expect(tidyIBAN(' fi21-1234 ')).toBe('FI211234');
});
