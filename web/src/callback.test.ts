import { afterEach, expect, it } from 'vitest';
import { takeAnswer } from './callback';

afterEach(() => window.history.replaceState(null, '', '/'));

it.each(['/callback', '/callback/'])('takes the query and the fragment out of the address %s', (path) => {
  window.history.replaceState(null, '', `${path}?iss=https%3A%2F%2Fbank#code=a%2Bb&state=s&id_token=x.y.z`);
  const entries = window.history.length;
  const answer = takeAnswer(window);
  expect(window.location.pathname + window.location.search + window.location.hash).toBe('/callback');
  expect(window.history.length).toBe(entries);
  expect(answer.waiting).toBe(true);
  expect(answer.take()).toEqual({ iss: 'https://bank', code: 'a+b', state: 's', id_token: 'x.y.z' });
  expect(window.sessionStorage).toHaveLength(0);
  expect(window.localStorage).toHaveLength(0);
});

it('takes a query alone, as a refusal comes', () => {
  window.history.replaceState(null, '', '/callback?error=access_denied&state=s');
  expect(takeAnswer(window).take()).toEqual({ error: 'access_denied', state: 's' });
});

it('gives an answer out once, unless it is put back', () => {
  window.history.replaceState(null, '', '/callback#code=c&state=s');
  const answer = takeAnswer(window);
  const params = answer.take();
  expect(answer.waiting).toBe(false);
  expect(answer.take()).toBeUndefined();
  answer.putBack(params ?? {});
  expect(answer.take()).toEqual({ code: 'c', state: 's' });
});

it('holds nothing when nothing came back', () => {
  window.history.replaceState(null, '', '/callback');
  expect(takeAnswer(window).waiting).toBe(false);
});

it('leaves other addresses alone', () => {
  window.history.replaceState(null, '', '/transactions?q=tea#content');
  expect(takeAnswer(window).waiting).toBe(false);
  expect(window.location.search + window.location.hash).toBe('?q=tea#content');
});
