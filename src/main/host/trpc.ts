import { initTRPC, TRPCError } from '@trpc/server';
import type { TRPC_ERROR_CODE_KEY } from '@trpc/server/rpc';
import { ZodError } from 'zod';
import { type SerializedStudioError, type StudioErrorCode, toStudioError } from '#shared/errors.ts';
import { filtersIn } from './filters-in.ts';
import type { Studio } from './studio.ts';

export interface RequestContext {
  readonly studio: Studio;
  /** An address with a fresh one-time token that opens the studio in a browser; null where no browser is served. */
  readonly newWindowAddress: () => string | null;
}

/** The one place where an error gets its HTTP status (tRPC derives the status from its own code). */
const RPC_CODES: Readonly<Record<StudioErrorCode, TRPC_ERROR_CODE_KEY>> = {
  usage: 'BAD_REQUEST',
  'bad-input': 'BAD_REQUEST',
  'not-found': 'NOT_FOUND',
  conflict: 'CONFLICT',
  unauthorized: 'UNAUTHORIZED',
  unsupported: 'UNPROCESSABLE_CONTENT',
  unavailable: 'PRECONDITION_FAILED',
  corrupt: 'UNPROCESSABLE_CONTENT',
  'no-space': 'PRECONDITION_FAILED',
  'out-of-memory': 'PRECONDITION_FAILED',
  cancelled: 'CLIENT_CLOSED_REQUEST',
  interrupted: 'CONFLICT',
  internal: 'INTERNAL_SERVER_ERROR',
};

function describe(cause: unknown): SerializedStudioError {
  if (cause instanceof ZodError) {
    const issue = cause.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? 'The request' : issue.path.join('.');
    return { code: 'usage', message: `${where}: ${issue?.message ?? 'is not valid'}.` };
  }
  return toStudioError(cause).toJSON();
}

const trpc = initTRPC.context<RequestContext>().create({
  sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 25_000 } },
  errorFormatter({ shape, error }) {
    return { ...shape, data: { ...shape.data, stack: undefined, studio: describe(error.cause ?? error) } };
  },
});

/** Turns what a procedure throws into a tRPC error with the right status, keeping the studio's error as its cause. */
const typedErrors = trpc.middleware(async ({ next }) => {
  const result = await next();
  if (result.ok || result.error.code !== 'INTERNAL_SERVER_ERROR') return result;
  const cause = toStudioError(result.error.cause ?? result.error);
  throw new TRPCError({ code: RPC_CODES[cause.code], message: cause.message, cause });
});

/** Makes ready what the filters of a request need, so that whoever answers it finds them in memory. */
const readyFilters = trpc.middleware(async ({ ctx, getRawInput, next }) => {
  for (const filter of filtersIn(await getRawInput())) await ctx.studio.similar.prepare(filter);
  return next();
});

export const router = trpc.router;
export const procedure = trpc.procedure.use(typedErrors).use(readyFilters);
