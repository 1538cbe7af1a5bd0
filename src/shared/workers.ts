import { z } from 'zod';
import { keptErrorSchema } from './kept-error.ts';
import { networkAddressText, parseNetworkAddress } from './network-address.ts';
import { runtimeInfoSchema } from './runtime.ts';

/** HOST:PORT, written in one way. */
const addressSchema = z.string().transform((text, context) => {
  try {
    return networkAddressText(parseNetworkAddress(text));
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** A worker that the workspace knows, whether it runs now or not. */
export const knownWorkerSchema = z.object({
  address: addressSchema,
  /** What a person calls it; empty: its address. */
  name: z.string().trim().max(60).default(''),
});
export type KnownWorker = z.infer<typeof knownWorkerSchema>;

/** What was found when a worker was looked at. */
export const workerLookSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('ready'), hostName: z.string(), runtime: runtimeInfoSchema.omit({ path: true }) }),
  /** It works, and is not disturbed. `work`: what, and for whom. */
  z.object({ state: z.literal('busy'), work: z.string() }),
  /** It is there and does not let this studio in: another secret, another version. */
  z.object({ state: z.literal('refused'), problem: keptErrorSchema }),
  z.object({ state: z.literal('unreached'), problem: keptErrorSchema }),
]);
export type WorkerLook = z.infer<typeof workerLookSchema>;
