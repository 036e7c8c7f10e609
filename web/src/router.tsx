import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  type RouterHistory,
} from '@tanstack/react-router';
import type { TransactionFilter } from './api/queries';
import type { BankAnswer } from './callback';
import type { MessageKey } from './messages';
import { AuditPage } from './pages/audit';
import { CallbackPage } from './pages/callback';
import { CertificatePage } from './pages/certificate';
import { CertificatesPage } from './pages/certificates';
import { ConnectPage } from './pages/connect';
import { ConnectionsPage } from './pages/connections';
import { CredentialsPage } from './pages/credentials';
import { HomePage } from './pages/home';
import { ImportCertificatePage } from './pages/importcertificate';
import { MoveCertificatesPage } from './pages/movecertificates';
import { NewCertificatePage } from './pages/newcertificate';
import { PayPage } from './pages/pay';
import { PaymentPage } from './pages/payment';
import { PaymentsPage } from './pages/payments';
import { RegistrationPage } from './pages/registration';
import { RegistrationsPage } from './pages/registrations';
import { SettingsPage } from './pages/settings';
import { TransactionsPage } from './pages/transactions';
import { Shell } from './parts/shell';

const rootRoute = createRootRouteWithContext<{ answer: BankAnswer }>()({ component: Shell });

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

export const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  staticData: { title: 'home.title' },
  component: HomePage,
});

export const connectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/connect',
  staticData: { title: 'connect.title' },
  validateSearch: (search): { bank?: string | undefined } => ({ bank: text(search['bank']) }),
  component: ConnectPage,
});

export const callbackRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/callback',
  staticData: { title: 'callback.title', everybody: true },
  component: CallbackPage,
});

export const transactionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/transactions',
  staticData: { title: 'tx.title' },
  validateSearch: (search): TransactionFilter => ({
    account: text(search['account']),
    from: text(search['from']),
    to: text(search['to']),
    q: text(search['q']),
  }),
  component: TransactionsPage,
});

export const connectionsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/connections',
  staticData: { title: 'conn.title' },
  component: ConnectionsPage,
});

export const registrationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/registrations',
  staticData: { title: 'reg.title' },
  validateSearch: (search): { attention?: true } => (search['attention'] === true ? { attention: true } : {}),
  component: RegistrationsPage,
});

export const registrationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/registrations/$bank',
  staticData: { title: 'wizard.title' },
  component: RegistrationPage,
});

export const certificatesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/certificates',
  staticData: { title: 'cert.title' },
  component: CertificatesPage,
});

export const certificateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/certificates/$name',
  staticData: { title: 'cert.title' },
  component: CertificatePage,
});

// No certificate is called "-", so nothing below it hides one.
export const importCertificateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/certificates/-/import',
  staticData: { title: 'import.title' },
  component: ImportCertificatePage,
});

export const newCertificateRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/certificates/-/new',
  staticData: { title: 'order.title' },
  validateSearch: (search): { name?: string | undefined } => ({ name: text(search['name']) }),
  component: NewCertificatePage,
});

export const moveCertificatesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/certificates/-/move',
  staticData: { title: 'move.title' },
  validateSearch: (search): { bank?: string | undefined } => ({ bank: text(search['bank']) }),
  component: MoveCertificatesPage,
});

export const paymentsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/payments',
  staticData: { title: 'pay.title' },
  component: PaymentsPage,
});

export const payRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/payments/new',
  staticData: { title: 'pay.new.title' },
  component: PayPage,
});

export const paymentRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/payments/$id',
  staticData: { title: 'pay.detail' },
  component: PaymentPage,
});

export const credentialsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/certificates/-/credentials',
  staticData: { title: 'cred.title' },
  component: CredentialsPage,
});

export const auditRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/audit',
  staticData: { title: 'audit.title' },
  validateSearch: (search): { subject?: string | undefined } => ({ subject: text(search['subject']) }),
  component: AuditPage,
});

export const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  staticData: { title: 'settings.title' },
  component: SettingsPage,
});

/** The app's addresses, and what a bank may just have sent back. */
export function makeRouter(answer: BankAnswer, history?: RouterHistory) {
  return createRouter({
    context: { answer },
    ...(history && { history }),
    routeTree: rootRoute.addChildren([
      homeRoute,
      connectRoute,
      callbackRoute,
      transactionsRoute,
      connectionsRoute,
      registrationsRoute,
      registrationRoute,
      certificatesRoute,
      certificateRoute,
      importCertificateRoute,
      newCertificateRoute,
      moveCertificatesRoute,
      paymentsRoute,
      payRoute,
      paymentRoute,
      credentialsRoute,
      auditRoute,
      settingsRoute,
    ]),
    scrollRestoration: true,
  });
}

export type AppRouter = ReturnType<typeof makeRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter;
  }

  interface StaticDataRouteOption {
    /** What the page is called in the window's title. */
    title?: MessageKey;
    /** Shown to those who are not signed in, too. */
    everybody?: boolean;
  }
}
