import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from './schema';

type Schemas = components['schemas'];
export type Me = Schemas['Me'];
export type Bank = Schemas['Bank'];
export type Registration = Schemas['Registration'];
export type RegistrationStep = Schemas['RegistrationStep'];
export type RegistrationHealth = Schemas['RegistrationHealth'];
export type CertificateHealth = Schemas['CertificateHealth'];
export type CredentialHealth = Schemas['CredentialHealth'];
export type Trace = Schemas['Trace'];
export type Field = Schemas['Field'];
export type Connection = Schemas['Connection'];
export type Account = Schemas['Account'];
export type Transaction = Schemas['Transaction'];
export type Sync = Schemas['Sync'];
export type Certificate = Schemas['Certificate'];
export type CertificateOrder = Schemas['CertificateOrder'];
export type CertificateRequest = Schemas['CertificateRequest'];
export type CertificateMove = Schemas['CertificateMove'];
export type CertificateImport = Schemas['ImportInputBody'];
export type Payment = Schemas['Payment'];
export type PaymentOrder = Schemas['PayInputBody'];
export type ConnectOrder = Schemas['ConnectInputBody'];
export type Money = Schemas['Money'];
export type Funds = Schemas['Funds'];
export type Credential = Schemas['Credential'];
export type CredentialChange = Schemas['SaveCredentialInputBody'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditProof = Schemas['AuditProof'];
export type APIKey = Schemas['APIKey'];
export type Problem = Schemas['Problem'];

/** An error that the API answered, or that nothing answered. */
export class ApiError extends Error {
  readonly problem: Problem | undefined;

  constructor(problem: Problem | undefined) {
    super(problem?.detail ?? problem?.title ?? 'no answer');
    this.problem = problem;
  }

  field(name: string): string | undefined {
    return this.problem?.fields?.find((f) => f.name === name || f.name === `body.${name}`)?.message;
  }
}

// No form of another site can send this header: it is what makes the cookie safe.
const csrf: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') {
      request.headers.set('X-Onepoint-CSRF', '1');
    }
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: '/' });
api.use(csrf);

/** The data of an answer; anything else is an ApiError. */
export async function take<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer;
  try {
    answer = await call;
  } catch {
    throw new ApiError(undefined);
  }
  if (!answer.response.ok) {
    throw new ApiError(isProblem(answer.error) ? answer.error : undefined);
  }
  return answer.data as T;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'title' in value;
}
