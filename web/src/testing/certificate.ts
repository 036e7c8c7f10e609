import type { Certificate } from '../api/client';

const subject = 'CN=tpp.example.com,O=One Point Ledger,C=GB,2.5.4.97=#131050534447422d4643412d313233343536';
const issuer = 'CN=Test CA,O=Test QTSP,C=GB';

export function certificate(name: string, part: Partial<Certificate> = {}): Certificate {
  return {
    name,
    kind: 'qwac',
    algorithm: 'RSA-2048',
    subject,
    organizationIdentifier: 'PSDGB-FCA-123456',
    roles: ['PSP_AI', 'PSP_PI'],
    ncaName: 'Financial Conduct Authority',
    ncaId: 'GB-FCA',
    issuer,
    serial: '4d4a',
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2027-11-21T08:37:25Z',
    daysLeft: 364,
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['clientAuth'],
    fingerprint: '566ca43d',
    chain: [subject, issuer],
    warnings: [],
    usedBy: [],
    ...part,
  };
}

/** A key that waits for its certificate. */
export function keyOnly(name: string): Certificate {
  return {
    name,
    kind: 'key',
    algorithm: 'RSA-2048',
    roles: [],
    keyUsage: [],
    extendedKeyUsage: [],
    chain: [],
    warnings: [],
    usedBy: [],
  };
}
