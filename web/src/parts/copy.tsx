import { useEffect, useState } from 'react';
import { t } from '../messages';

interface Props {
  text: string | (() => string | Promise<string>);
  /** What screen readers call it, when there are several. */
  label?: string;
}

/** Copies a text, and says so for a moment. */
export function CopyButton({ text, label }: Props) {
  const [said, setSaid] = useState<'copied' | 'copy.failed'>();
  useEffect(() => {
    const wait = window.setTimeout(() => setSaid(undefined), 2000);
    return () => window.clearTimeout(wait);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : await text());
      setSaid('copied');
    } catch {
      setSaid('copy.failed');
    }
  };
  return (
    <>
      <button
        type="button"
        className="button"
        aria-label={said && label ? `${t(said)}: ${label}` : label}
        onClick={() => void copy()}
      >
        {t(said ?? 'copy')}
      </button>
      <span role="status" className="sr-only">
        {said && t(said)}
      </span>
    </>
  );
}
