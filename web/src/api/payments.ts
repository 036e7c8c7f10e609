import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, take, type Payment, type PaymentOrder } from './client';
import { queries } from './queries';

/** An order with its key: the same key is the same payment, however often it is sent. */
export interface KeyedOrder {
  readonly key: string;
  readonly order: PaymentOrder;
}

/** Orders a payment; `then` takes the user to where it goes on. */
export function usePay(then: (payment: Payment) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ key, order }: KeyedOrder) =>
      take(api.POST('/api/v1/payments', { params: { header: { 'Idempotency-Key': key } }, body: order })),
    onSuccess: then,
    // A refused order may be kept as a rejected payment.
    onSettled: () => client.invalidateQueries({ queryKey: queries.payments().queryKey }),
  });
}

/** Whether it cannot change any more. */
export function final({ status }: Pick<Payment, 'status'>): boolean {
  return status === 'completed' || status === 'rejected' || status === 'cancelled';
}

/** Whether it changes without the user. */
export function moves(payment: Pick<Payment, 'status'> | undefined): boolean {
  return payment !== undefined && !final(payment) && payment.status !== 'awaiting_authorisation';
}

const pace = 1500;

/** A payment, followed until it is final: the event stream is quicker, but can be cut. */
export function usePayment(id: string, first?: Payment) {
  return useQuery({
    ...queries.payment(id),
    ...(first && { initialData: first, initialDataUpdatedAt: 0 }),
    refetchInterval: ({ state }) => (moves(state.data) ? pace : false),
  });
}
