/** The parameters that a bank sends back. */
export type Params = Readonly<Record<string, string>>;

/**
 * What a bank sent back, held in memory alone until it is used: it may hold a
 * code, which belongs in no address, no history and no storage.
 */
export class BankAnswer {
  private params: Params | undefined;

  constructor(params?: Params) {
    this.params = params;
  }

  get waiting(): boolean {
    return this.params !== undefined;
  }

  /** The parameters, once. */
  take(): Params | undefined {
    const { params } = this;
    this.params = undefined;
    return params;
  }

  /** Holds them again: they were not used. */
  putBack(params: Params): void {
    this.params = params;
  }
}

/** Takes what a bank sent back out of the address, from its query and its fragment. */
export function takeAnswer({ location, history }: Pick<Window, 'location' | 'history'>): BankAnswer {
  if (location.pathname.replace(/\/+$/, '') !== '/callback') {
    return new BankAnswer();
  }
  const params: Record<string, string> = {};
  for (const part of [location.search.slice(1), location.hash.slice(1)]) {
    new URLSearchParams(part).forEach((value, name) => {
      params[name] = value;
    });
  }
  history.replaceState(null, '', '/callback');
  return new BankAnswer(Object.keys(params).length > 0 ? params : undefined);
}
