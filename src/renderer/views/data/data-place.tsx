import { Link, Outlet } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import './data.css';

const SHOWN = { className: 'tab-shown' };

/** The images of the workspace: looked at, where they come from, and the frozen sets made of them. */
export function DataPlace(): ReactElement {
  return (
    <div className="data">
      <h1 className="visually-hidden">Data</h1>
      <nav className="tabs data-tabs" aria-label="Data">
        <Link to="/data" className="tab" activeProps={SHOWN} activeOptions={{ exact: true, includeSearch: false }}>
          Faces
        </Link>
        <Link to="/data/sources" className="tab" activeProps={SHOWN}>
          Sources
        </Link>
        <Link to="/data/subsets" className="tab" activeProps={SHOWN}>
          Subsets
        </Link>
        <Link to="/data/import" className="tab" activeProps={SHOWN}>
          Import
        </Link>
      </nav>
      <Outlet />
    </div>
  );
}
