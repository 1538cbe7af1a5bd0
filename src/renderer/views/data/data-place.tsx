import { Link, type LinkProps, Outlet } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import './data.css';

const SHOWN = { className: 'tab-shown' };

const TABS: readonly { readonly to: LinkProps['to']; readonly label: string }[] = [
  { to: '/data', label: 'Faces' },
  { to: '/data/sources', label: 'Sources' },
  { to: '/data/subsets', label: 'Subsets' },
  { to: '/data/duplicates', label: 'Duplicates' },
  { to: '/data/exclusions', label: 'Exclusions' },
  { to: '/data/import', label: 'Import' },
];

/** The images of the workspace: looked at, where they come from, which are copies, which are left out, and the frozen sets made of them. */
export function DataPlace(): ReactElement {
  return (
    <div className="data">
      <h1 className="visually-hidden">Data</h1>
      <nav className="tabs data-tabs" aria-label="Data">
        {TABS.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            className="tab"
            activeProps={SHOWN}
            activeOptions={{ exact: to === '/data', includeSearch: false }}
          >
            {label}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  );
}
