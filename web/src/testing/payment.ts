import type { Connection, Payment } from '../api/client';

export function payment(id: string, part: Partial<Payment> = {}): Payment {
  return {
    id,
    bank: 'op',
    bankName: 'OP Financial Group',
    status: 'awaiting_authorisation',
    amount: { amount: '12.50', currency: 'EUR' },
    creditor: { name: 'Nordlicht', identifier: { scheme: 'IBAN', value: 'FI2112345600000785' } },
    scheme: 'sepa',
    created: '2026-11-21T08:00:00Z',
    updated: '2026-11-21T08:00:00Z',
    ...part,
  };
}

export function connection(id: string, part: Partial<Connection> = {}): Connection {
  return {
    id,
    bank: 'op',
    bankName: 'OP Financial Group',
    purpose: 'accounts',
    status: 'active',
    accounts: 0,
    permissions: [],
    created: '2026-11-21T08:00:00Z',
    ...part,
  };
}
