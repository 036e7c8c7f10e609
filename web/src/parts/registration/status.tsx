import type { Registration, RegistrationStep } from '../../api/client';
import { formatInstant } from '../../format/date';
import { t } from '../../messages';
import { Mark, type Tone } from '../mark';

type Status = Registration['status'];

const tones: Readonly<Record<Status, Tone>> = {
  not_registered: 'none',
  running: 'busy',
  waiting_for_bank: 'busy',
  needs_input: 'ask',
  failed: 'fault',
  registered: 'ok',
};

const stepTones: Readonly<Record<RegistrationStep['status'], Tone>> = {
  pending: 'none',
  running: 'busy',
  done: 'ok',
  stopped: 'fault',
};

/** Where a registration stands: a sign and a word. */
export function StatusWord({ status }: { status: Status }) {
  return (
    <span className="inline-flex items-center gap-2 font-semibold">
      <Mark tone={tones[status]} />
      {t(`reg.status.${status}`)}
    </span>
  );
}

/** Where a step stands, and since when it is done. */
export function StepWord({ step }: { step: Pick<RegistrationStep, 'status' | 'done'> }) {
  return (
    <span className="inline-flex items-center gap-2 text-sm">
      <Mark tone={stepTones[step.status]} />
      {step.status === 'done' && step.done
        ? t('step.done.at', { date: formatInstant(step.done) })
        : t(`step.${step.status}`)}
    </span>
  );
}
