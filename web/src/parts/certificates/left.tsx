import type { Certificate } from '../../api/client';
import { Mark } from '../mark';
import { leftOf, toneOf } from './standing';

/** What is left of a certificate: a sign and words. */
export function Left({ certificate }: { certificate: Certificate }) {
  return (
    <span className="inline-flex items-center gap-2 align-top font-semibold">
      <Mark tone={toneOf(certificate)} />
      {leftOf(certificate)}
    </span>
  );
}

/** What a person should know of it. */
export function Warnings({ list }: { list: readonly string[] }) {
  return (
    list.length > 0 && (
      <ul className="space-y-1 text-sm font-semibold">
        {list.map((w) => (
          <li key={w} className="first-letter:uppercase wrap-anywhere">
            {w}
          </li>
        ))}
      </ul>
    )
  );
}
