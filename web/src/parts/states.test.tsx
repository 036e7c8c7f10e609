import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { Failure, Loading } from './states';

afterEach(cleanup);

it('says what the API said, and the request to ask about', () => {
  const problem = {
    type: '/problems/conflict',
    title: 'Not now',
    status: 409,
    detail: 'Sign in again.',
    code: 'conflict',
    requestId: 'req_1',
  };
  const retry = vi.fn();
  render(<Failure error={new ApiError(problem)} onRetry={retry} />);
  expect(screen.getByRole('alert').textContent).toContain('Sign in again.');
  expect(screen.getByText('Request req_1')).toBeTruthy();
  screen.getByRole('button').click();
  expect(retry).toHaveBeenCalledOnce();
});

it('says so when nothing answered', () => {
  render(<Failure error={new ApiError(undefined)} />);
  expect(screen.getByRole('alert').textContent).toContain('does not answer');
});

it('tells screen readers that it loads', () => {
  render(<Loading />);
  expect(screen.getByRole('status').textContent).toBe('Loading…');
});
