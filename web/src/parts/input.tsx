import { useId, type ChangeEventHandler, type ReactNode } from 'react';

interface About {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
}

/** What joins a field to its label, its hint and what is wrong with it. */
interface Joined {
  id: string;
  'aria-invalid': true | undefined;
  'aria-describedby': string | undefined;
}

interface Props extends About {
  name: string;
  type?: string;
  autoComplete?: string;
  defaultValue?: string | undefined;
  value?: string;
  onChange?: ChangeEventHandler<HTMLInputElement>;
  onBlur?: () => void;
  required?: boolean;
  inputMode?: 'decimal' | 'text';
  maxLength?: number;
  spellCheck?: boolean;
  accept?: string;
  readOnly?: boolean;
}

/** A labelled field that says below itself what is wrong. */
export function Input({ label, hint, fault, required = true, ...input }: Props) {
  return (
    <Labelled label={label} hint={hint} fault={fault}>
      {(joined) => <input className={look(fault)} required={required} {...joined} {...input} />}
    </Labelled>
  );
}

interface SelectProps extends About {
  name: string;
  value?: string;
  defaultValue?: string;
  onChange?: ChangeEventHandler<HTMLSelectElement>;
  options: readonly { readonly value: string; readonly label: string }[];
}

/** A labelled choice of one among several. */
export function Select({ label, hint, fault, options, ...select }: SelectProps) {
  return (
    <Labelled label={label} hint={hint} fault={fault}>
      {(joined) => (
        <select className={look(fault)} {...joined} {...select}>
          {options.map((o) => (
            <option key={o.value} value={o.value}>
              {o.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface TextAreaProps extends About {
  name: string;
  value?: string;
  onChange?: ChangeEventHandler<HTMLTextAreaElement>;
  rows?: number;
  /** Shows dots instead of what is in it. */
  masked?: boolean;
  required?: boolean;
  readOnly?: boolean;
}

/** A labelled field of several lines, for what has a layout of its own, such as PEM. */
export function TextArea({ label, hint, fault, masked = false, ...area }: TextAreaProps) {
  return (
    <Labelled label={label} hint={hint} fault={fault}>
      {(joined) => (
        <textarea
          className={`${look(fault)} py-2 font-mono text-sm ${masked ? 'masked' : ''}`}
          autoComplete="off"
          spellCheck={false}
          {...joined}
          {...area}
        />
      )}
    </Labelled>
  );
}

const look = (fault: string | undefined) => `field ${fault ? 'border-fault' : ''}`;

function Labelled({ label, hint, fault, children }: About & { children: (joined: Joined) => ReactNode }) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ');
  return (
    <div>
      <label htmlFor={id} className="mb-1 block font-semibold">
        {label}
      </label>
      {children({
        id,
        'aria-invalid': fault ? true : undefined,
        'aria-describedby': described || undefined,
      })}
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
