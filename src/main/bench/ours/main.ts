import { serve } from './serve.ts';

/** The studio's side of a benchmark, in a process like the engine's. Each workload loads only what it needs. */
serve(async (workload) => {
  switch (workload.kind) {
    case 'supervised-step':
    case 'meta-step':
      return (await import('./training-step.ts')).prepareTrainingStep(workload);
    case 'inference':
      return (await import('./inference.ts')).prepareInference(workload);
    case 'pipeline':
      return (await import('./pipeline.ts')).preparePipeline(workload);
  }
});
