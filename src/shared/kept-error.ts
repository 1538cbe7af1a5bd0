import { z } from 'zod';

/** How a run or a job failed, as its row keeps it: a StudioError without its cause. */
export const keptErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  commandLine: z.string().optional(),
});
