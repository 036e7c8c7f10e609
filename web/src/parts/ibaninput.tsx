import { useState } from 'react';
import { isIBAN } from '../format/iban';
import { t } from '../messages';
import { Input } from './input';

interface IBANProps {
  name: string;
  label: string;
  value: string;
  hint?: string;
  fault: string | undefined;
  required?: boolean;
  onChange: (e: { target: { value: string } }) => void;
}

/** An account number whose check digits are looked at while it is typed; one that is left wrong says so. */
export function IBANInput({ hint, fault, value, ...input }: IBANProps) {
  const [left, setLeft] = useState(false);
  const right = isIBAN(value);
  const wrong = left && value.trim() !== '' ? t('pay.iban.wrong') : undefined;
  return (
    <Input
      {...input}
      value={value}
      autoComplete="off"
      spellCheck={false}
      hint={right ? t('pay.iban.ok') : hint}
      fault={right ? undefined : (fault ?? wrong)}
      onBlur={() => setLeft(true)}
    />
  );
}
