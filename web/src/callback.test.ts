import { expect, it } from 'vitest';
import { callbackParams } from './callback';

it('reads the query and the fragment', () => {
  expect(
    callbackParams({ search: '?iss=https%3A%2F%2Fbank', hash: '#code=a%2Bb&state=s&id_token=x.y.z' }),
  ).toEqual({
    iss: 'https://bank',
    code: 'a+b',
    state: 's',
    id_token: 'x.y.z',
  });
});

it('is empty when nothing came back', () => {
  expect(callbackParams({ search: '', hash: '' })).toEqual({});
});
