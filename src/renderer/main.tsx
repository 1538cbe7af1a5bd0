// First: it must take effect before any schema is made.
import './api/zod-without-eval.ts';
// Then what is common to all, so that a place's own sheet may differ from it.
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { session } from './api/session.ts';
import { launchTokenOf } from './api/session-store.ts';
import { App } from './app.tsx';
import { applyTheme } from './preferences.ts';

applyTheme();

const launch = launchTokenOf(window.location.hash);
// The token works once, and need not stay in the address or the history.
if (launch !== null) window.history.replaceState(null, '', window.location.pathname + window.location.search);
void session.open({ launch, shell: window.studioShell !== undefined });

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element with the id “root”.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
