import { SessionStore } from './session-store.ts';

/** This window's session. */
export const session = new SessionStore({
  storage: window.localStorage,
  fetch: (...request) => window.fetch(...request),
});
