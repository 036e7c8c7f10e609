import type { ReactNode } from 'react';

interface Props<T extends string> {
  legend: string;
  name: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string }[];
  onChange: (value: T) => void;
}

/** One among a few, all of them in sight. */
export function Choice<T extends string>({ legend, name, value, options, onChange }: Props<T>) {
  return (
    <Group legend={legend}>
      {options.map((o) => (
        <Tick
          key={o.value}
          type="radio"
          name={name}
          label={o.label}
          checked={value === o.value}
          onChange={() => onChange(o.value)}
        />
      ))}
    </Group>
  );
}

interface SeveralProps {
  legend: string;
  name: string;
  values: readonly string[];
  options: readonly { readonly value: string; readonly label: string }[];
  onChange: (values: string[]) => void;
}

/** Any among a few. */
export function Several({ legend, name, values, options, onChange }: SeveralProps) {
  const flip = (value: string) =>
    onChange(values.includes(value) ? values.filter((v) => v !== value) : [...values, value]);
  return (
    <Group legend={legend}>
      {options.map((o) => (
        <Tick
          key={o.value}
          type="checkbox"
          name={name}
          label={o.label}
          checked={values.includes(o.value)}
          onChange={() => flip(o.value)}
        />
      ))}
    </Group>
  );
}

function Group({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="font-semibold">{legend}</legend>
      <div className="mt-1 flex flex-wrap gap-x-6">{children}</div>
    </fieldset>
  );
}

interface TickProps {
  type: 'radio' | 'checkbox';
  name: string;
  label: string;
  checked: boolean;
  onChange: () => void;
}

function Tick({ label, ...input }: TickProps) {
  return (
    <label className="flex min-h-11 items-center gap-2">
      <input className="size-5 shrink-0 accent-navy" {...input} />
      {label}
    </label>
  );
}
