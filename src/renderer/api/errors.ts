import { TRPCClientError } from '@trpc/client';
import { z } from 'zod';
import { STUDIO_ERROR_CODES, type SerializedStudioError, StudioError } from '#shared/errors.ts';

const studioErrorSchema = z.object({
  code: z.enum(STUDIO_ERROR_CODES),
  message: z.string(),
  hint: z.string().optional(),
});
const rpcErrorDataSchema = z.object({ studio: studioErrorSchema });

/** What went wrong, why, and what to do, of anything that a request can throw. */
export function describeError(thrown: unknown): SerializedStudioError {
  if (thrown instanceof StudioError) return thrown.toJSON();
  if (thrown instanceof TRPCClientError) {
    const data = rpcErrorDataSchema.safeParse(thrown.data);
    if (data.success) return data.data.studio;
    return {
      code: 'unavailable',
      message: 'The studio does not answer.',
      hint: 'It may be restarting: this window tries again by itself.',
    };
  }
  return { code: 'internal', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** The error the host answered outside tRPC (uploads), as one to throw. */
export async function errorOfResponse(response: Response): Promise<StudioError> {
  const parsed = studioErrorSchema.safeParse(await response.json().catch(() => undefined));
  if (!parsed.success) return new StudioError('internal', `The studio answered with status ${response.status}.`);
  const { code, message, hint } = parsed.data;
  return new StudioError(code, message, hint === undefined ? {} : { hint });
}
