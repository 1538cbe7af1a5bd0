import { tracked } from '@trpc/server';
import { z } from 'zod';
import type { StudioEvent } from '#shared/events.ts';
import { jobSchema } from '#shared/jobs.ts';
import { workspaceInfoSchema } from '#shared/requests.ts';
import { doctorReportSchema } from '#shared/runtime.ts';
import { catalogCheckSchema, storageSchema } from '#shared/storage.ts';
import { workspaceStorage } from '../services/workspace-storage.ts';
import { procedure, router } from '../trpc.ts';

export const systemRouter = router({
  workspace: procedure.output(workspaceInfoSchema).query(({ ctx }) => ctx.studio.info()),
  /** A fresh one-time address of this studio's window, so that a second start opens the first one's. */
  newWindow: procedure
    .output(z.object({ url: z.string().nullable() }))
    .mutation(({ ctx }) => ({ url: ctx.newWindowAddress() })),
  doctor: procedure.output(doctorReportSchema).query(({ ctx }) => ctx.studio.doctor()),
  /** What the workspace takes on the disk. */
  storage: procedure.output(storageSchema).query(({ ctx }) => workspaceStorage(ctx.studio.workspace)),
  /** Looks through the whole catalog for damage: seconds for a million images. */
  checkCatalog: procedure.output(catalogCheckSchema).mutation(({ ctx }) => {
    const started = performance.now();
    const problems = ctx.studio.catalog.integrityCheck();
    return { problems, milliseconds: performance.now() - started };
  }),
  /** Gets the TensorFlow runtime, as a job. */
  setUp: procedure.output(jobSchema).mutation(({ ctx }) => ctx.studio.setUpRuntime().job),
  /** What happens in the host, from now on or, after a reconnect, from the last event seen. */
  events: procedure.input(z.object({ lastEventId: z.string().nullish() }).optional()).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const after = Number(input?.lastEventId ?? 0);
    for await (const { id, event } of ctx.studio.events.listen(after, signal ?? new AbortController().signal)) {
      yield tracked<StudioEvent>(String(id), event);
    }
  }),
});

export const jobsRouter = router({
  list: procedure
    .input(z.object({ limit: z.number().int().min(1).max(500).default(50) }).default({ limit: 50 }))
    .output(z.array(jobSchema))
    .query(({ ctx, input }) => ctx.studio.catalog.jobs.list(input)),
  get: procedure
    .input(z.object({ id: z.number().int() }))
    .output(jobSchema)
    .query(({ ctx, input }) => ctx.studio.catalog.jobs.get(input.id)),
  /** What a job that finished under this host came to, such as an import's counts; null for others. */
  result: procedure
    .input(z.object({ id: z.number().int() }))
    .output(z.unknown())
    .query(({ ctx, input }) => ctx.studio.jobs.result(input.id) ?? null),
  cancel: procedure
    .input(z.object({ id: z.number().int() }))
    .output(jobSchema)
    .mutation(async ({ ctx, input }) => {
      await ctx.studio.cancelJob(input.id);
      return ctx.studio.catalog.jobs.get(input.id);
    }),
});
