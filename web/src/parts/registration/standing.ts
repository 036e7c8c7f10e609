import type { Registration } from '../../api/client';

type Part = Pick<Registration, 'status' | 'steps' | 'health'>;

/** Whether it changes without the user: worth asking again. */
export function moves(r: Pick<Registration, 'status'> | undefined): boolean {
  return r?.status === 'running' || r?.status === 'waiting_for_bank';
}

/** Whether a human should look at it. */
export function needsAttention({ status, health }: Part): boolean {
  return (
    status === 'needs_input' || status === 'failed' || health.status === 'warn' || health.status === 'fail'
  );
}

export function stepsDone({ steps }: Pick<Part, 'steps'>): number {
  return steps.filter((s) => s.status === 'done').length;
}

/** The step that runs, stopped, or comes next; the number counts from 1. */
export function currentStep({ steps }: Pick<Part, 'steps'>) {
  const at = steps.findIndex((s) => s.status !== 'done');
  const step = steps[at];
  return step && { number: at + 1, title: step.title, name: step.name };
}

/** How often to ask again while it moves: the event stream is quicker, but can be cut. */
export const pace = 2000;
