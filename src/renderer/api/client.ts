import { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, httpBatchStreamLink, httpSubscriptionLink, splitLink } from '@trpc/client';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import type { AppRouter } from '#main/host/router.ts';
import { describeError, errorOfResponse } from './errors.ts';
import { session } from './session.ts';

/** A request of this window. A refusal for want of a valid token signs the window out, wherever it happens. */
async function studioFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const headers = new Headers(init?.headers);
  headers.set('Authorization', `Bearer ${session.current().token}`);
  const response = await window.fetch(input, { ...init, headers });
  if (response.status === 401) session.refused();
  return response;
}

export const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      // An EventSource sends no headers of ours: the token travels as a connection parameter.
      true: httpSubscriptionLink({ url: '/rpc', connectionParams: () => ({ token: session.current().token }) }),
      // Each answer of a batch comes when it is there: what is counted long does not hold up what is shown first.
      false: httpBatchStreamLink({
        url: '/rpc',
        fetch: (input, init) => studioFetch(input as RequestInfo, init as RequestInit),
      }),
    }),
  ],
});

/** Events say what changed, so nothing goes stale by age; what the person's own input caused is not tried again behind their back. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && describeError(error).code === 'unavailable',
      retryDelay: 400,
    },
    mutations: { retry: false },
  },
});

export const api = createTRPCOptionsProxy<AppRouter>({ client, queryClient });

/** Address of an image of the catalog; its shorter side is `size` device pixels. */
export function imageAddress(id: number, size: number): string {
  const key = encodeURIComponent(session.current().imageKey);
  return `/image/${id}?size=${size}&key=${key}`;
}

/** A binary document of the host, such as the columns of a map. @param path of its address. @throws StudioError */
export async function downloadBytes(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const response = await studioFetch(path, { signal });
  if (!response.ok) throw await errorOfResponse(response);
  return response.arrayBuffer();
}

/** Hands a picture to the host for prediction. @returns the name to predict it by; it is kept for a day. @throws StudioError */
export async function uploadPicture(picture: Blob): Promise<string> {
  const response = await studioFetch('/upload', { method: 'POST', body: picture });
  if (!response.ok) throw await errorOfResponse(response);
  const { upload } = (await response.json()) as { upload: string };
  return upload;
}
