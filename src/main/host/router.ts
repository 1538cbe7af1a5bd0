import { catalogRouter } from './routers/catalog.ts';
import { evaluationRouter } from './routers/evaluation.ts';
import { mapRouter } from './routers/map.ts';
import { predictionRouter } from './routers/prediction.ts';
import { reviewRouter } from './routers/review.ts';
import { roundsRouter } from './routers/rounds.ts';
import { runsRouter } from './routers/runs.ts';
import { subsetsRouter } from './routers/subsets.ts';
import { jobsRouter, systemRouter } from './routers/system.ts';
import { workersRouter } from './routers/workers.ts';
import { router } from './trpc.ts';

/** The whole contract between the host and its windows and command line; inputs and outputs are validated at run time. */
export const appRouter = router({
  catalog: catalogRouter,
  subsets: subsetsRouter,
  runs: runsRouter,
  rounds: roundsRouter,
  map: mapRouter,
  review: reviewRouter,
  prediction: predictionRouter,
  evaluation: evaluationRouter,
  workers: workersRouter,
  jobs: jobsRouter,
  system: systemRouter,
});

export type AppRouter = typeof appRouter;
