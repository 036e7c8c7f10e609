import { Link } from '@tanstack/react-router';

/** The way back to the list that a page belongs to. */
export function Back({ to, label }: { to: '/certificates' | '/payments'; label: string }) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: true }}
      className="block w-fit text-navy underline underline-offset-4"
    >
      {label}
    </Link>
  );
}
