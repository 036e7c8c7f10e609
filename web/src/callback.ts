/** What a bank sent back, from the query and from the fragment. */
export function callbackParams(location: { search: string; hash: string }): Record<string, string> {
  const params: Record<string, string> = {};
  for (const part of [location.search.replace(/^\?/, ''), location.hash.replace(/^#/, '')]) {
    new URLSearchParams(part).forEach((value, name) => {
      params[name] = value;
    });
  }
  return params;
}
