import { afterEach, beforeEach, vi } from 'vitest';
import type { Problem } from '../api/client';

// Import this before the app: the API client takes fetch when its module loads.

/** What the platform answers: a value, a problem, a promise of one, or nothing when it is down. */
export type Answer = (body: unknown) => unknown;

const answers = new Map<string, Answer>();
const calls: {
  readonly route: string;
  readonly body: unknown;
  readonly headers: Headers;
  readonly query: string;
}[] = [];

/** Answers "GET /api/v1/me" and the like; anything else is not found. */
export function answer(route: string, with_: Answer): void {
  answers.set(route, with_);
}

/** The bodies sent to a route so far. */
export function sent(route: string): unknown[] {
  return calls.filter((c) => c.route === route).map((c) => c.body);
}

/** The headers sent to a route so far. */
export function headersOf(route: string): Headers[] {
  return calls.filter((c) => c.route === route).map((c) => c.headers);
}

/** The queries of the calls of a route so far. */
export function queriesOf(route: string): string[] {
  return calls.filter((c) => c.route === route).map((c) => c.query);
}

export function problem(status: number, code: string, detail = code): Response {
  const body: Problem = { type: `/problems/${code}`, title: code, status, detail, code };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}

/** Nothing answers. */
export function down(): never {
  throw new TypeError('Failed to fetch');
}

export const owner = { setupNeeded: false, signedIn: true, name: 'Ada', email: 'ada@example.org' };
export const nobody = { setupNeeded: false, signedIn: false };

// Node's Request refuses a path without a host, as a browser does not.
class PageRequest extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(typeof input === 'string' ? new URL(input, window.location.origin) : input, init);
  }
}

globalThis.Request = PageRequest;
globalThis.fetch = async (input) => {
  const request = input instanceof Request ? input : new Request(input);
  const { pathname, search } = new URL(request.url);
  const route = `${request.method} ${pathname}`;
  const text = await request.text();
  const body: unknown = text ? JSON.parse(text) : undefined;
  calls.push({ route, body, headers: request.headers, query: search });
  const result = await (answers.get(route) ?? (() => problem(404, 'not_found', route)))(body);
  return result instanceof Response ? result : Response.json(result ?? null);
};

/** An event stream that never brings anything. */
class SilentEvents extends EventTarget {
  close() {}
}

beforeEach(() => {
  answers.clear();
  calls.length = 0;
  answer('GET /api/v1/me', () => owner);
  for (const list of [
    'accounts',
    'banks',
    'connections',
    'transactions',
    'certificates',
    'payments',
    'credentials',
    'audit',
    'api-keys',
  ]) {
    answer(`GET /api/v1/${list}`, () => ({ items: [] }));
  }
  vi.stubGlobal('EventSource', SilentEvents);
  vi.stubGlobal('scrollTo', () => {});
  // jsdom has no modal dialogs.
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function () {
    this.open = false;
  };
});

afterEach(() => {
  vi.unstubAllGlobals();
});
