import { useState } from 'react';
import { t } from '../messages';
import { Modal } from './modal';

interface Props {
  /** The button that begins it, and what screen readers call it when that says more. */
  action: string;
  label?: string;
  disabled?: boolean;
  title: string;
  text: string;
  yes: string;
  onConfirm: () => void;
}

/** A button for what cannot be undone: it asks first. */
export function Confirm({ action, label, disabled, title, text, yes, onConfirm }: Props) {
  const [asking, setAsking] = useState(false);
  const close = () => setAsking(false);
  return (
    <>
      <button
        type="button"
        className="button"
        aria-label={label}
        disabled={disabled}
        onClick={() => setAsking(true)}
      >
        {action}
      </button>
      {asking && (
        <Modal title={title} role="alertdialog" onClose={close}>
          <p className="mt-2 text-soft">{text}</p>
          <div className="mt-5 flex justify-end gap-3">
            <button type="button" className="button" onClick={close}>
              {t('dialog.cancel')}
            </button>
            <button
              type="button"
              className="button button-primary"
              onClick={() => {
                close();
                onConfirm();
              }}
            >
              {yes}
            </button>
          </div>
        </Modal>
      )}
    </>
  );
}
