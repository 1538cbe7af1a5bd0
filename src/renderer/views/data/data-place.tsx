import { Link, Outlet } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import './data.css';

/** The images of the workspace: looked at, where they come from, and the frozen sets made of them. */
export function DataPlace(): ReactElement {
  return (
    <div className="data">
      <h1 className="visually-hidden">Data</h1>
      <nav className="tabs data-tabs" aria-label="Data">
        <Link to="/data" className="tab" activeOptions={{ exact: true, includeSearch: false }}>
          Faces
        </Link>
        <Link to="/data/sources" className="tab">
          Sources
        </Link>
        <Link to="/data/subsets" className="tab">
          Subsets
        </Link>
        <Link to="/data/import" className="tab">
          Import
        </Link>
      </nav>
      <Outlet />
    </div>
  );
}
