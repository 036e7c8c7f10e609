import { expect, it } from 'vitest';
import { amountFault, tidyAmount } from './amount';

it.each([
  ['12.50', 'EUR', undefined],
  ['12,5', 'EUR', undefined],
  ['1 200', 'EUR', undefined],
  ['0.00', 'EUR', 'amount'],
  ['-1', 'EUR', 'amount'],
  ['1.2.3', 'EUR', 'amount'],
  ['1,234.50', 'EUR', 'amount'],
  ['', 'EUR', 'amount'],
  ['1e3', 'EUR', 'amount'],
  ['1.005', 'EUR', 'decimals'],
  ['1.5', 'JPY', 'decimals'],
  ['1.005', 'KWD', undefined],
])('%s %s: %s', (typed, currency, fault) => {
  expect(amountFault(typed, currency)).toBe(fault);
});

it('is sent as a plain decimal', () => {
  expect(tidyAmount(' 1 200,50 ')).toBe('1200.50');
});
