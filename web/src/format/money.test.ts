import { describe, expect, it } from 'vitest';
import { formatMoney, isNegative, totals } from './money';

const locale = 'en-GB';

describe('formatMoney', () => {
  it.each([
    ['1234.5', 'GBP', '£1,234.5'],
    ['-12.30', 'EUR', '−€12.30'],
    ['1200', 'JPY', '¥1,200'],
    ['-0.00', 'GBP', '£0.00'],
    ['9007199254740993.01', 'EUR', '€9,007,199,254,740,993.01'],
  ])('%s %s reads %s', (amount, currency, text) => {
    expect(formatMoney({ amount, currency }, { locale })).toBe(text);
  });

  it('shows a plus where it is asked for, but not on zero', () => {
    expect(formatMoney({ amount: '5.00', currency: 'GBP' }, { plus: true, locale })).toBe('+£5.00');
    expect(formatMoney({ amount: '0.00', currency: 'GBP' }, { plus: true, locale })).toBe('£0.00');
  });

  it('refuses what is no amount', () => {
    expect(() => formatMoney({ amount: '1e3', currency: 'GBP' })).toThrow();
  });
});

describe('totals', () => {
  it('adds exactly, by currency', () => {
    const list = [
      { amount: '0.10', currency: 'GBP' },
      { amount: '0.20', currency: 'GBP' },
      { amount: '-5', currency: 'EUR' },
      { amount: '9007199254740993.01', currency: 'GBP' },
      { amount: '4.999', currency: 'EUR' },
    ];
    expect(totals(list)).toEqual([
      { amount: '-0.001', currency: 'EUR' },
      { amount: '9007199254740993.31', currency: 'GBP' },
    ]);
  });

  it('of nothing is nothing', () => {
    expect(totals([])).toEqual([]);
  });
});

describe('isNegative', () => {
  it('takes negative zero for zero', () => {
    expect(isNegative({ amount: '-0.00', currency: 'GBP' })).toBe(false);
    expect(isNegative({ amount: '-0.01', currency: 'GBP' })).toBe(true);
  });
});
