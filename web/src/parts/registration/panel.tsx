import { Link } from '@tanstack/react-router';
import type { Ref } from 'react';
import type { Registration } from '../../api/client';
import { useRegister } from '../../api/registration';
import { t } from '../../messages';
import { CopyButton } from '../copy';
import { Failure } from '../states';
import { AnswerForm } from './answers';
import { PortalLink } from './portal';
import { currentStep, stepsDone } from './standing';
import { StatusWord } from './status';

interface Props {
  ref: Ref<HTMLElement>;
  name: string;
  registration: Registration;
  /** What a deregistration answered. */
  ended: { left?: string } | undefined;
  onAsked: () => void;
}

/** Where the registration stands, why, and the one thing to do now. */
export function StandingPanel({ ref, name, registration: r, ended, onAsked }: Props) {
  return (
    <section
      ref={ref}
      tabIndex={-1}
      aria-labelledby="standing"
      className="card space-y-4 p-5 outline-none sm:p-6"
    >
      <h2 id="standing">
        <span className="sr-only">{t('wizard.standing')}: </span>
        <StatusWord status={r.status} />
      </h2>
      {r.status === 'not_registered' && ended && <Ended name={name} left={ended.left} portal={r.portal} />}
      <ProgressLine registration={r} />
      <Now name={name} registration={r} onAsked={onAsked} />
    </section>
  );
}

function ProgressLine({ registration: r }: { registration: Registration }) {
  const done = stepsDone(r);
  return (
    <div className="space-y-2">
      {r.status !== 'not_registered' && (
        <progress
          className="meter"
          aria-label={t('wizard.progress')}
          max={Math.max(r.steps.length, 1)}
          value={done}
        />
      )}
      <p role="status" className="text-soft">
        {standing(r)}
      </p>
    </div>
  );
}

const atStep = {
  running: 'wizard.step',
  needs_input: 'wizard.waits',
  waiting_for_bank: 'wizard.waits',
  failed: 'wizard.stopped',
} as const;

/** Where it stands, in one sentence. */
function standing(r: Registration): string {
  const total = r.steps.length;
  const step = currentStep(r);
  switch (r.status) {
    case 'not_registered':
      return t('wizard.begin', { total });
    case 'registered':
      return t('wizard.done', { total });
    default:
      return step
        ? t(atStep[r.status], { n: step.number, total, title: step.title })
        : t('reg.steps', { done: total, total });
  }
}

function Now({ name, registration: r, onAsked }: Omit<Props, 'ref' | 'ended'>) {
  const n = currentStep(r)?.number ?? r.steps.length;
  switch (r.status) {
    case 'not_registered':
      return (
        <>
          <p className="max-w-prose">{t('wizard.intro')}</p>
          <Go bank={r.bank} label={t('wizard.start', { bank: name })} onAsked={onAsked} />
        </>
      );
    case 'running':
      return null;
    case 'waiting_for_bank':
      return (
        <>
          <Said text={r.message} />
          <p className="max-w-prose text-soft">{t('wizard.waiting')}</p>
          <Go bank={r.bank} label={t('wizard.ask')} onAsked={onAsked} />
        </>
      );
    case 'needs_input':
      return (
        <>
          <Said text={r.message} />
          <Guide lines={r.guide ?? []} portal={r.portal} />
          {r.needs && r.needs.length > 0 ? (
            <AnswerForm bank={r.bank} needs={r.needs} onAsked={onAsked} />
          ) : (
            <Go bank={r.bank} label={t('wizard.continue', { n })} onAsked={onAsked} />
          )}
        </>
      );
    case 'failed':
      return (
        <>
          <Said text={r.message} fault />
          <p className="max-w-prose text-soft">{t('wizard.remedy')}</p>
          <Go bank={r.bank} label={t('wizard.resume', { n })} onAsked={onAsked} />
        </>
      );
    case 'registered':
      return <Registered registration={r} />;
  }
}

/** The button that begins, or goes on. */
function Go({ bank, label, onAsked }: { bank: string; label: string; onAsked: () => void }) {
  const register = useRegister(bank, onAsked);
  return (
    <>
      {register.isError && <Failure error={register.error} />}
      <button
        type="button"
        className="button button-primary"
        disabled={register.isPending}
        onClick={() => register.mutate()}
      >
        {label}
      </button>
    </>
  );
}

/** Why it stopped, in the words that came. */
function Said({ text, fault = false }: { text: string | undefined; fault?: boolean }) {
  return (
    text && (
      <div className={`rounded-xl p-4 ${fault ? 'bg-fault-ground' : 'bg-note-ground'}`}>
        <h3 className="text-sm font-semibold">{t(fault ? 'wizard.said' : 'wizard.said.waits')}</h3>
        <p className="whitespace-pre-line first-letter:uppercase wrap-anywhere">{text}</p>
      </div>
    )
  );
}

function Guide({ lines, portal }: { lines: readonly string[]; portal: string | undefined }) {
  return (
    <div className="space-y-3">
      {lines.length > 0 && (
        <>
          <h3 className="font-semibold">{t('wizard.guide')}</h3>
          <ol className="max-w-prose list-decimal space-y-1 pl-6">
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ol>
        </>
      )}
      {portal && <PortalLink href={portal} />}
    </div>
  );
}

function Registered({ registration: r }: { registration: Registration }) {
  return (
    <>
      {r.clientId && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <p className="min-w-0">
            <span className="block text-sm text-soft">{t('reg.client')}</span>
            <code className="wrap-anywhere">{r.clientId}</code>
          </p>
          <CopyButton text={r.clientId} label={t('copy.client')} />
        </div>
      )}
      <Link to="/connect" search={{ bank: r.bank }} className="button button-primary">
        {t('wizard.connect')}
      </Link>
    </>
  );
}

function Ended({
  name,
  left,
  portal,
}: {
  name: string;
  left: string | undefined;
  portal: string | undefined;
}) {
  return (
    <div role="status" className="space-y-2 rounded-xl bg-note-ground p-4">
      <p className="font-semibold">{t('wizard.ended', { bank: name })}</p>
      {left && (
        <>
          <h3 className="text-sm font-semibold">{t('wizard.left')}</h3>
          <p className="first-letter:uppercase wrap-anywhere">{left}</p>
          {portal && <PortalLink href={portal} />}
        </>
      )}
    </div>
  );
}
