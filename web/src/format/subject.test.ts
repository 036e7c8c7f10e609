import { expect, it } from 'vitest';
import { formatSubject, organisationOf, spellSubject, subjectParts } from './subject';

const name = 'CN=onepoint.localhost,O=One Point Ledger,C=GB,2.5.4.97=#131050534447422d4643412d313233343536';

it('reads a distinguished name, the organisation identifier too', () => {
  expect(subjectParts(name)).toEqual([
    ['CN', 'onepoint.localhost'],
    ['O', 'One Point Ledger'],
    ['C', 'GB'],
    ['organizationIdentifier', 'PSDGB-FCA-123456'],
  ]);
  expect(spellSubject(name)).toBe(
    'CN=onepoint.localhost, O=One Point Ledger, C=GB, organizationIdentifier=PSDGB-FCA-123456',
  );
  expect(organisationOf(name)).toBe('One Point Ledger');
  expect(organisationOf(undefined)).toBeUndefined();
});

it('keeps an escaped comma, and says the same only once in a row', () => {
  expect(formatSubject('CN=Smith\\, Ltd,O=Smith\\, Ltd,C=GB')).toBe('Smith, Ltd, GB');
});
