import { expect, it } from 'vitest';
import { asText, pathOf, pretty } from './exchange';
import { formatDuration } from './duration';
import { daysUntil } from './date';

const base64 = (value: unknown) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');

it.each([
  [
    'JSON',
    '{"a":[1,{"b":"x, {y}"}],"c":{},"d":[ ]}',
    '{\n  "a": [\n    1,\n    {\n      "b": "x, {y}"\n    }\n  ],\n  "c": {},\n  "d": []\n}',
  ],
  [
    'numbers as they came',
    '{"amount":1.10,"id":12345678901234567890}',
    '{\n  "amount": 1.10,\n  "id": 12345678901234567890\n}',
  ],
  ['masks', '{"secret":"••••"}', '{\n  "secret": "••••"\n}'],
  ['escapes', '{"a":"\\"{"}', '{\n  "a": "\\"{"\n}'],
  ['JSON that is laid out', '{\n  "a": 1\n}', '{\n  "a": 1\n}'],
  [
    'a form',
    'grant_type=client_credentials&scope=accounts%20funds&client_secret=••••',
    'grant_type = client_credentials\nscope = accounts funds\nclient_secret = ••••',
  ],
  [
    'a token',
    `${base64({ alg: 'RS256' })}.${base64({ iss: 'Åbo' })}.••••`,
    '{\n  "alg": "RS256"\n}\n.\n{\n  "iss": "Åbo"\n}\n.\n••••',
  ],
  ['broken JSON', '{"a":', '{"a":'],
  ['what looks like a token', 'www.example.org', 'www.example.org'],
  ['plain text', 'Bad gateway', 'Bad gateway'],
  ['nothing', '', ''],
])('lays out %s', (_, body, laidOut) => {
  expect(pretty(body)).toBe(laidOut);
});

it('shows the path of a call', () => {
  expect(pathOf('https://bank.example/a/b?c=d')).toBe('/a/b?c=d');
  expect(pathOf('nowhere')).toBe('nowhere');
});

it('copies an exchange whole', () => {
  const text = asText({
    seq: 1,
    step: 'register',
    at: '2026-11-21T08:00:00Z',
    took: 1,
    method: 'POST',
    url: 'https://bank.example/register',
    requestHeader: { 'X-Api-Key': '••••', Accept: 'application/json' },
    requestBody: 'a=b',
    status: 201,
    responseHeader: { 'Content-Type': 'application/json' },
    responseBody: '{}',
  });
  expect(text).toBe(
    'POST https://bank.example/register\nAccept: application/json\nX-Api-Key: ••••\n\na=b\n\n201\nContent-Type: application/json\n\n{}',
  );
});

it('copies what went wrong when no answer came', () => {
  const call = {
    seq: 1,
    step: 's',
    at: '2026-11-21T08:00:00Z',
    took: 1,
    method: 'GET',
    url: 'https://b.example/',
  };
  expect(asText({ ...call, requestHeader: {}, error: 'connection refused' })).toBe(
    'GET https://b.example/\n\nconnection refused',
  );
});

it.each([
  [400_000, '0.4 ms'],
  [153_116_199, '153 ms'],
  [1_240_000_000, '1.2 sec'],
])('says how long %d ns are', (took, words) => {
  expect(formatDuration(took, 'en')).toBe(words);
});

it('counts days until an instant', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  expect(daysUntil('2026-11-23T11:00:00Z', now)).toBe(1);
  expect(daysUntil('2026-11-21T11:00:00Z', now)).toBe(-1);
});
