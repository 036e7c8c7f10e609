import { useId } from 'react';

interface Props {
  label: string;
  name: string;
  type?: string;
  autoComplete?: string;
  hint?: string;
  fault?: string | undefined;
  defaultValue?: string;
}

/** A labelled field that says below itself what is wrong. */
export function Input({ label, hint, fault, ...input }: Props) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ');
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-semibold">
        {label}
      </label>
      <input
        id={id}
        required
        className={`field ${fault ? 'border-fault' : ''}`}
        aria-invalid={fault ? true : undefined}
        aria-describedby={described || undefined}
        {...input}
      />
      {hint && (
        <p id={`${id}-hint`} className="mt-1 text-sm text-soft">
          {hint}
        </p>
      )}
      {fault && (
        <p id={`${id}-fault`} className="mt-1 text-sm font-semibold text-fault">
          {fault}
        </p>
      )}
    </div>
  );
}
