import type { ReactNode } from 'react';

export type Tone = 'ok' | 'busy' | 'ask' | 'fault' | 'none';

const shapes: Readonly<Record<Tone, ReactNode>> = {
  ok: <path d="M6 10.5l2.8 2.8L14.2 7.4" />,
  busy: <path d="M6 10h.01M10 10h.01M14 10h.01" strokeWidth={2.4} />,
  ask: <path d="M10 5.5v5.5M10 14.2h.01" strokeWidth={2.2} />,
  fault: <path d="M7 7l6 6M13 7l-6 6" />,
  none: null,
};

const colours: Readonly<Record<Tone, string>> = {
  ok: 'text-in',
  busy: 'text-navy',
  ask: 'text-warn',
  fault: 'text-fault',
  none: 'text-soft',
};

/** A sign that stands before a word and says the same; each has a shape of its own. */
export function Mark({ tone }: { tone: Tone }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width={20}
      height={20}
      aria-hidden="true"
      className={`shrink-0 ${colours[tone]}`}
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <circle
        cx="10"
        cy="10"
        r="8.6"
        strokeWidth={1.6}
        strokeDasharray={tone === 'busy' ? '3 2.4' : undefined}
      />
      {shapes[tone]}
    </svg>
  );
}
