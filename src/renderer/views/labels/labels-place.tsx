import { Link, type LinkProps, Outlet } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import './labels.css';
import './comparisons.css';
import './review.css';

const TABS: readonly { readonly to: LinkProps['to']; readonly label: string }[] = [
  { to: '/labels', label: 'Rounds' },
  { to: '/labels/flips', label: 'Flips' },
  { to: '/labels/audits', label: 'Blind audits' },
  { to: '/labels/feedback', label: 'Feedback' },
  { to: '/labels/log', label: 'Decisions' },
  { to: '/labels/agreement', label: 'Agreement' },
];

const SHOWN = { className: 'tab-shown' };

/** Pseudo labels and what people say of them: rounds, how they differ, how good they are, and what was decided. */
export function LabelsPlace(): ReactElement {
  return (
    <div className="labels">
      <h1 className="visually-hidden">Labels</h1>
      <nav className="tabs labels-tabs" aria-label="Labels">
        {TABS.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            className="tab"
            activeProps={SHOWN}
            activeOptions={{ exact: to === '/labels', includeSearch: false }}
          >
            {label}
          </Link>
        ))}
      </nav>
      <div className="labels-page">
        <Outlet />
      </div>
    </div>
  );
}
