import { useState } from 'react';
import { t, type MessageKey } from '../../messages';
import { Input, TextArea } from '../input';

interface Props {
  file: MessageKey;
  hint?: MessageKey;
  paste: MessageKey;
  /** Whether what is pasted holds a private key: then it is shown as dots. */
  secret?: boolean;
  fault?: string | undefined;
}

/** PEM from a file or from the clipboard; what is in the fields is read when it is sent. */
export function PEMField({ file, hint, paste, secret = false, fault }: Props) {
  const [chosen, setChosen] = useState(false);
  return (
    <>
      <Input
        name="file"
        type="file"
        label={t(file)}
        hint={hint && t(hint)}
        required={false}
        accept=".pem,.crt,.cer,.key,.txt,application/x-pem-file"
        onChange={(e) => setChosen((e.target.files?.length ?? 0) > 0)}
      />
      <TextArea
        name="pem"
        label={t(paste)}
        rows={5}
        masked={secret}
        fault={fault}
        hint={chosen ? t('file.both') : secret ? t('import.paste.hint') : undefined}
      />
    </>
  );
}

/** The PEM text of a form; a chosen file comes first. */
export async function readPEM(form: HTMLFormElement): Promise<string> {
  const file = fileOf(form);
  return file ? file.text() : (form.querySelector('textarea')?.value ?? '');
}

/** The file that was chosen in a form. */
export function fileOf(form: HTMLFormElement): File | undefined {
  return form.querySelector<HTMLInputElement>('input[type="file"]')?.files?.[0];
}
