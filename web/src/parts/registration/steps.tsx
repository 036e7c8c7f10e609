import type { ReactNode } from 'react';
import type { Registration, RegistrationStep } from '../../api/client';
import { t } from '../../messages';
import { StepExchanges } from './exchanges';
import { moves } from './standing';
import { StepWord } from './status';

/** The steps in their order: what each does and why, how it stands, and what was said. */
export function Steps({ registration: r }: { registration: Registration }) {
  const begun = r.updated !== undefined;
  return (
    <section aria-labelledby="steps" className="space-y-3">
      <h2 id="steps">{t('step.title')}</h2>
      <ol className="card divide-y divide-line">
        {r.steps.map((step, i) => (
          <StepRow key={step.name} step={step} number={i + 1}>
            {begun && (step.status !== 'pending' || r.status === 'not_registered') && (
              <StepExchanges
                bank={r.bank}
                step={step.name}
                live={moves(r)}
                shown={r.status === 'failed' && step.status === 'stopped'}
              />
            )}
          </StepRow>
        ))}
      </ol>
    </section>
  );
}

function StepRow({
  step,
  number,
  children,
}: {
  step: RegistrationStep;
  number: number;
  children: ReactNode;
}) {
  const current = step.status === 'running' || step.status === 'stopped';
  return (
    <li aria-current={current ? 'step' : undefined} className="flex gap-4 p-5">
      <span aria-hidden="true" className="w-5 shrink-0 text-right font-semibold text-soft tabular-nums">
        {number}
      </span>
      <div className="min-w-0 flex-1 space-y-1">
        <div className="flex flex-wrap items-start justify-between gap-x-4">
          <h3 className="font-semibold first-letter:uppercase">{step.title}</h3>
          <StepWord step={step} />
        </div>
        {step.help && <p className="max-w-prose text-sm text-soft">{step.help}</p>}
        {children}
      </div>
    </li>
  );
}
