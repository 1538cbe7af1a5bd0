import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { type ReactElement, useEffect, useSyncExternalStore } from 'react';
import { queryClient } from './api/client.ts';
import { session } from './api/session.ts';
import { router } from './router.tsx';
import { SignedOut } from './views/signed-out/signed-out.tsx';

/** The window: signed in or not. */
export function App(): ReactElement | null {
  const state = useSyncExternalStore(session.subscribe, session.state);
  switch (state.status) {
    case 'signing-in':
      return null;
    case 'signed-out':
      return <SignedOut reason={state.reason} />;
    case 'signed-in':
      return <SignedIn />;
  }
}

function SignedIn(): ReactElement {
  // The next host this window signs in to may hold another workspace.
  useEffect(() => () => queryClient.clear(), []);
  return (
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
