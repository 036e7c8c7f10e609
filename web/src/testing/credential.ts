import type { AuditEntry, AuditProof, Credential } from '../api/client';

export function credential(group: string, part: Partial<Credential> = {}): Credential {
  return {
    group,
    holds: ['client id', 'client secret'],
    more: [],
    clientId: `cli-${group}`,
    status: 'ok',
    banks: [{ id: group, name: `Bank ${group}`, registered: true }],
    ...part,
  };
}

export function entry(seq: number, part: Partial<AuditEntry> = {}): AuditEntry {
  return {
    seq,
    at: '2026-11-21T08:00:00Z',
    actor: 'system',
    action: 'key.used',
    subject: 'qwac',
    detail: {},
    head: `head-${seq}`,
    ...part,
  };
}

export function proof(part: Partial<AuditProof> = {}): AuditProof {
  return { whole: true, entries: 12, head: 'ab12', ...part };
}
