import { useEffect, useRef, useState } from 'react';
import type { Bank } from '../../api/client';
import { t } from '../../messages';
import { Choice } from '../choice';
import { IBANInput } from '../ibaninput';
import { Input, Select } from '../input';
import { euroOnly, faultsOf, type Draft, type Faults } from './draft';
import { schemeName, schemes } from './status';

interface Props {
  banks: readonly Bank[];
  draft: Draft;
  /** What the platform refused, when it was sent before. */
  refused: Faults;
  onChange: (part: Partial<Draft>) => void;
  onDone: () => void;
}

/** A payment as it is typed; what is wrong is said at its field. */
export function PayForm({ banks, draft, refused, onChange, onDone }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [checked, setChecked] = useState(0);
  const faults: Faults = checked > 0 ? { ...refused, ...faultsOf(draft) } : refused;
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [checked]);
  const field = (name: keyof Draft) => ({
    name,
    value: draft[name],
    onChange: (e: { target: { value: string } }) => onChange({ [name]: e.target.value }),
    fault: faults[name],
  });
  const euro = euroOnly(draft.scheme);
  return (
    <form
      ref={form}
      noValidate
      className="card space-y-5 p-6"
      autoComplete="off"
      onSubmit={(e) => {
        e.preventDefault();
        setChecked(checked + 1);
        if (Object.keys(faultsOf(draft)).length === 0) {
          onDone();
        }
      }}
    >
      <Select
        {...field('bank')}
        label={t('pay.bank')}
        options={banks.map((b) => ({ value: b.id, label: b.name }))}
      />
      <Select
        {...field('scheme')}
        label={t('pay.scheme')}
        options={schemes.map((value) => ({ value, label: schemeName(value) }))}
      />
      <div className="grid grid-cols-[1fr_7rem] gap-3">
        <Input {...field('amount')} label={t('pay.amount')} inputMode="decimal" />
        <Input
          {...field('currency')}
          value={euro ? 'EUR' : draft.currency}
          readOnly={euro}
          label={t('pay.currency')}
          maxLength={3}
          spellCheck={false}
        />
      </div>
      <Input {...field('name')} label={t('pay.name')} maxLength={70} />
      <IBANInput {...field('iban')} label={t('pay.iban')} />
      {draft.scheme === 'international' && (
        <Input {...field('bic')} label={t('pay.bic')} required={false} maxLength={11} spellCheck={false} />
      )}
      <Choice
        legend={t('pay.about')}
        name="about"
        value={draft.about}
        onChange={(about) => onChange({ about })}
        options={[
          { value: 'information', label: t('pay.about.information') },
          { value: 'reference', label: t('pay.about.reference') },
        ]}
      />
      <Input
        {...field('text')}
        label={t(draft.about === 'reference' ? 'pay.reference' : 'pay.text')}
        required={false}
        maxLength={draft.about === 'reference' ? 35 : 140}
      />
      <IBANInput {...field('from')} label={t('pay.from')} hint={t('pay.from.hint')} required={false} />
      <button className="button button-primary">{t('pay.check')}</button>
    </form>
  );
}
