import { z } from 'zod';
import { parseNetworkAddress } from './network-address.ts';

const addressSchema = z.string().superRefine((text, context) => {
  try {
    parseNetworkAddress(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** The workers that a run trains on together, and what happens when one of them is gone. */
export const clusterRequestSchema = z.object({
  /** HOST:PORT of each, as all of them reach it. The first one writes. */
  workers: z
    .array(addressSchema)
    .min(1)
    .refine((workers) => new Set(workers).size === workers.length, {
      message: 'A worker is named twice.',
    }),
  /** Goes on by itself from the last checkpoint with the workers that are left. */
  elastic: z.boolean().default(false),
  /** Nothing heard of a worker for so long, and it counts as gone. */
  timeoutSeconds: z.number().min(2).max(600).default(10),
});
export type ClusterRequest = z.infer<typeof clusterRequestSchema>;

/** How a worker of a run fared lately: means of its last steps. */
export const workerLoadSchema = z.object({
  rank: z.number().int(),
  address: z.string(),
  step: z.number().int(),
  imagesPerSecond: z.number(),
  /** Milliseconds a step: waiting for images; computing; exchanging with the others, waiting for them included. */
  dataMilliseconds: z.number(),
  computeMilliseconds: z.number(),
  exchangeMilliseconds: z.number(),
  /** The others wait for it: most of its steps take a quarter longer than theirs without the exchange, and a twentieth of the step. */
  isStraggling: z.boolean(),
});
export type WorkerLoad = z.infer<typeof workerLoadSchema>;
