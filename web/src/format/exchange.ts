import type { Trace } from '../api/client';

/** The path of an address, with its query; the address itself when it is none. */
export function pathOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? parsed.pathname + parsed.search : url;
}

/** A body, laid out for reading. What it says stays as it came, masks too. */
export function pretty(body: string): string {
  return indentJSON(body) ?? openJWT(body) ?? splitForm(body) ?? body;
}

/** An exchange as a developer pastes it into a ticket. */
export function asText(e: Trace): string {
  const outcome = e.error ?? `${e.status ?? ''}`;
  return [
    `${e.method} ${e.url}`,
    headerLines(e.requestHeader),
    '',
    e.requestBody,
    '',
    outcome,
    headerLines(e.responseHeader),
    '',
    e.responseBody,
  ]
    .filter((part) => part !== undefined)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

export function headerLines(header: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(header ?? {})
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

// Laid out by its marks alone: to parse and write it again would change numbers such as 1.10.
function indentJSON(text: string): string | undefined {
  if (!/^\s*[[{]/.test(text) || !parses(text)) {
    return undefined;
  }
  let depth = 0;
  const line = () => '\n' + '  '.repeat(depth);
  const marks = /"(?:[^"\\]|\\.)*"|[[{]\s*[\]}]|[[\]{},:]|[^\s[\]{},:"]+/g;
  return (text.match(marks) ?? [])
    .map((mark) => {
      switch (mark) {
        case '{':
        case '[':
          depth++;
          return mark + line();
        case '}':
        case ']':
          depth--;
          return line() + mark;
        case ',':
          return mark + line();
        case ':':
          return ': ';
        default:
          return /^[[{]/.test(mark) ? mark.replace(/\s/g, '') : mark;
      }
    })
    .join('');
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Header and claims of a signed token, then its signature, which is masked as a rule. */
function openJWT(text: string): string | undefined {
  const [header, claims, signature, more] = text.trim().split('.');
  if (!header || !claims || signature === undefined || more !== undefined) {
    return undefined;
  }
  const parts = [header, claims].map((part) => indentJSON(decodeBase64(part)));
  return parts.every((part) => part !== undefined) ? [...parts, signature].join('\n.\n') : undefined;
}

function decodeBase64(text: string): string {
  try {
    const bytes = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
    return new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
  } catch {
    return '';
  }
}

/** One field of a form on each line. */
function splitForm(text: string): string | undefined {
  if (!/^[\w.~-]+=[^\s]*$/.test(text)) {
    return undefined;
  }
  return [...new URLSearchParams(text)].map(([name, value]) => `${name} = ${value}`).join('\n');
}
