import type { Bank, Registration, RegistrationStep, Trace } from '../api/client';

/** Steps of a registration; the ones before `at` are done. */
export function steps(at: number, status: RegistrationStep['status'] = 'pending'): RegistrationStep[] {
  return ['portal key at hand', 'client registered', 'registration proven'].map((title, i) => ({
    name: `step-${i + 1}`,
    title,
    help: `Why ${title}.`,
    status: i < at ? 'done' : i === at ? status : 'pending',
    ...(i < at && { done: '2026-11-21T08:00:00Z' }),
  }));
}

export function registration(bank: string, part: Partial<Registration> = {}): Registration {
  return { bank, status: 'not_registered', steps: steps(0), health: { status: 'none' }, ...part };
}

export function bank(id: string, part: Partial<Registration> = {}): Bank {
  return {
    id,
    name: `Bank ${id}`,
    country: 'GB',
    standard: 'uk-open-banking',
    version: '4.0',
    offers: [],
    testUsers: [],
    registration: registration(id, part),
  };
}

export function exchange(seq: number, part: Partial<Trace> = {}): Trace {
  return {
    seq,
    step: 'step-2',
    at: '2026-11-21T08:00:00Z',
    took: 4_600_000,
    method: 'POST',
    url: 'https://bank.example/register?v=1',
    requestHeader: { 'X-Api-Key': '••••' },
    requestBody: 'client_secret=••••',
    status: 201,
    responseHeader: { 'Content-Type': 'application/json' },
    responseBody: '{"client_id":"cli_1"}',
    ...part,
  };
}

/** An instant so many days and an hour from now. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000 + 3_600_000).toISOString();
}
