/** The parts of a distinguished name (RFC 4514), in its order. */
export function subjectParts(name: string): [string, string][] {
  return (name.match(/(?:\\.|[^,\\])+/g) ?? []).map((part) => {
    const at = part.indexOf('=');
    const key = part.slice(0, at).trim();
    return [labels[key] ?? key, plain(part.slice(at + 1))];
  });
}

/** A distinguished name for reading: what it is called, by whom, where. */
export function formatSubject(name: string): string {
  return subjectParts(name)
    .map(([, value]) => value)
    .filter((value, i, all) => value !== all[i - 1])
    .join(', ');
}

/** A distinguished name with the names of its parts. */
export function spellSubject(name: string): string {
  return subjectParts(name)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** The organisation that a distinguished name names. */
export function organisationOf(name: string | undefined): string | undefined {
  return name ? subjectParts(name).find(([key]) => key === 'O')?.[1] : undefined;
}

const labels: Readonly<Record<string, string>> = { '2.5.4.97': 'organizationIdentifier' };

/** A value without escapes; one that came as DER in hexadecimal is a short string. */
function plain(value: string): string {
  const der = /^#(?:0c|13|16|1e)([0-9a-f]{2})((?:[0-9a-f]{2})*)$/i.exec(value);
  if (der) {
    const bytes = (der[2]?.match(/../g) ?? []).map((two) => Number.parseInt(two, 16));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }
  return value.replace(/\\(.)/g, '$1');
}
