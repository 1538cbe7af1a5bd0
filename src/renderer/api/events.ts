import type { StudioEvent } from '#shared/events.ts';
import type { Job } from '#shared/jobs.ts';
import { api, client, queryClient } from './client.ts';
import { Connection } from './connection.ts';
import { DecisionChanges } from './decision-changes.ts';
import { notices } from './notices.ts';

/** Progress comes up to a thousand times a second; the window asks for it this often. */
const PROGRESS_INTERVAL_MILLISECONDS = 500;

/** As often counts and lists of the catalog are asked for anew while somebody decides. */
const DECISIONS_INTERVAL_MILLISECONDS = 2_000;

let lastEventId: string | undefined;
let everOpened = false;

export const connection = new Connection((listener) => {
  const subscription = client.system.events.subscribe(lastEventId === undefined ? undefined : { lastEventId }, {
    onConnectionStateChange: ({ state, error }) => {
      if (state === 'pending') {
        // Anything may have happened while nobody listened.
        if (everOpened) void queryClient.invalidateQueries();
        everOpened = true;
        listener.onOpen();
      } else if (error !== null) {
        lost();
      }
    },
    onData: ({ id, data }) => {
      lastEventId = id;
      receive(data);
    },
    onComplete: () => listener.onLost(),
    onError: lost,
  });
  function lost(): void {
    listener.onLost();
    // The stream does not say why it ended; an ordinary request notices if the host no longer knows this window.
    void queryClient.invalidateQueries(api.system.workspace.queryFilter());
  }
  return () => subscription.unsubscribe();
});

function receive(event: StudioEvent): void {
  switch (event.type) {
    case 'runs.changed':
      void queryClient.invalidateQueries(api.runs.list.queryFilter());
      void queryClient.invalidateQueries(api.runs.get.queryFilter({ id: event.run }));
      void queryClient.invalidateQueries(api.runs.steps.queryFilter({ id: event.run }));
      break;
    case 'runs.progress':
      noteProgress(event.run);
      break;
    case 'jobs.changed':
      noteJob(event.job);
      break;
    case 'catalog.changed':
      for (const filter of [
        api.catalog.pathFilter(),
        api.subsets.pathFilter(),
        api.review.history.queryFilter(),
        api.system.workspace.queryFilter(),
      ]) {
        void queryClient.invalidateQueries(filter);
      }
      break;
    case 'decisions.changed':
      decisions.note(event.images);
      break;
    case 'rounds.changed':
      void queryClient.invalidateQueries(api.rounds.pathFilter());
      void queryClient.invalidateQueries(api.catalog.stats.queryFilter());
      void queryClient.invalidateQueries(api.map.state.queryFilter());
      break;
    case 'notice':
      notices.add({ level: event.level, message: event.message });
      break;
  }
}

/** Subsets and the workspace's description do not depend on decisions; reviewing itself looks after its own queues. */
const decisions = new DecisionChanges(
  {
    images: (images) => {
      for (const image of images ?? [undefined]) {
        void queryClient.invalidateQueries(api.review.history.queryFilter(image === undefined ? undefined : { image }));
        void queryClient.invalidateQueries(
          api.catalog.face.queryFilter(image === undefined ? undefined : { id: image }),
        );
      }
    },
    counts: () => {
      for (const filter of [
        api.catalog.pathFilter(),
        api.review.log.queryFilter(),
        api.rounds.calibration.queryFilter(),
      ]) {
        void queryClient.invalidateQueries(filter);
      }
    },
  },
  DECISIONS_INTERVAL_MILLISECONDS,
);

const runsWithProgress = new Set<string>();

function noteProgress(run: string): void {
  if (runsWithProgress.size === 0) setTimeout(askForProgress, PROGRESS_INTERVAL_MILLISECONDS);
  runsWithProgress.add(run);
}

function askForProgress(): void {
  void queryClient.invalidateQueries(api.runs.list.queryFilter());
  for (const run of runsWithProgress) {
    void queryClient.invalidateQueries(api.runs.steps.queryFilter({ id: run }));
    void queryClient.invalidateQueries(api.runs.memory.queryFilter({ id: run }));
    void queryClient.invalidateQueries(api.runs.workers.queryFilter({ id: run }));
    void queryClient.invalidateQueries(api.rounds.feedbackExtremes.queryFilter({ run }));
  }
  runsWithProgress.clear();
}

/** The event holds the whole row, so nothing need be asked for. */
function noteJob(job: Job): void {
  queryClient.setQueryData(api.jobs.list.queryKey(), (jobs: Job[] | undefined) =>
    jobs === undefined ? undefined : [job, ...jobs.filter(({ id }) => id !== job.id)].sort((a, b) => b.id - a.id),
  );
  // A host that has just set up its runtime says so in the workspace's description.
  if (job.kind === 'evaluate' && job.status === 'finished') {
    void queryClient.invalidateQueries(api.evaluation.pathFilter());
  }
  if (job.kind === 'setup' && job.status === 'finished') void queryClient.invalidateQueries(api.system.pathFilter());
}
