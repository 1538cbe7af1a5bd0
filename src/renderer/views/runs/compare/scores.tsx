import { type UseQueryResult, useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { RunComparison, SeedComparison } from '#shared/evaluation.ts';
import { client } from '../../../api/client.ts';
import { Button } from '../../../components/button.tsx';
import { Choice } from '../../../components/fields.tsx';
import { ErrorNote, Loaded, Skeleton } from '../../../components/states.tsx';
import { SPLIT_LABELS } from '../../../text/words.ts';
import { saveFile } from '../save-file.ts';
import { COMPARED_SPLITS, type ComparedSplit } from '../search.ts';
import type { ComparedRun } from './overlay.ts';
import { Pair } from './pair.tsx';
import { ScoreTable, SeedTable } from './score-tables.tsx';

const route = getRouteApi('/runs/compare');

/** Faces of each kind that a pair shows. */
const FACES = 200;

/** The runs' networks on the same images. Asked for, since those that were not scored there yet are scored first. */
export function Scores({ runs }: { runs: readonly ComparedRun[] }): ReactElement {
  const { split } = route.useSearch();
  const navigate = route.useNavigate();
  const [wanted, setWanted] = useState<ComparedSplit>(split ?? 'test');
  return (
    <>
      <section className="panel stack">
        <h2>On the same images</h2>
        <p className="muted">
          Scores the network that validation chose of each run, with intervals, and finds the images only one of two
          gets right. What was not scored there yet takes a while.
        </p>
        <div className="inline-form">
          <Choice
            label="Images"
            value={wanted}
            options={COMPARED_SPLITS.map((value) => ({ value, label: SPLIT_LABELS[value] }))}
            onChange={setWanted}
          />
          <Button
            kind={split === undefined ? 'primary' : 'plain'}
            isDisabled={split === wanted}
            onPress={() => void navigate({ search: (before) => ({ ...before, split: wanted }), replace: true })}
          >
            Score
          </Button>
          {split !== undefined && <SaveReport runs={runs} split={split} />}
        </div>
      </section>
      {split !== undefined && <Scored runs={runs} split={split} />}
    </>
  );
}

interface ScoredProps {
  readonly runs: readonly ComparedRun[];
  readonly split: ComparedSplit;
}

function Scored({ runs, split }: ScoredProps): ReactElement {
  const comparison = useComparison(runs, split);
  const seeds = useSeeds(runs, split, comparison.data !== undefined);
  return (
    <Loaded query={comparison} skeleton={<ScoredSkeleton split={split} />}>
      {(data) => (
        <>
          <ScoreTable runs={runs} comparison={data} />
          {seeds.error !== null && <ErrorNote error={seeds.error} onRetry={() => seeds.refetch()} />}
          {seeds.data !== undefined && <SeedTable seeds={seeds.data} />}
          <Pair runs={runs} comparison={data} />
        </>
      )}
    </Loaded>
  );
}

function ScoredSkeleton({ split }: { split: ComparedSplit }): ReactElement {
  return (
    <div className="stack">
      <p className="muted" role="status">
        Scoring on {SPLIT_LABELS[split].toLowerCase()} images …
      </p>
      <Skeleton height={180} />
      <Skeleton height={280} />
    </div>
  );
}

const idsIn = (runs: readonly ComparedRun[]): string[] => runs.map(({ run }) => run.id);
/** Changes when a run has trained on: what it scored before is then of another network. */
const stateOf = (runs: readonly ComparedRun[]): string => runs.map(({ run }) => run.best?.step ?? '').join();

function useComparison(runs: readonly ComparedRun[], split: ComparedSplit): UseQueryResult<RunComparison> {
  const request = { runs: idsIn(runs), split, limit: FACES };
  return useQuery({
    queryKey: ['comparison', request, stateOf(runs)],
    queryFn: ({ signal }) => client.evaluation.compare.mutate(request, { signal }),
  });
}

/** After the comparison, which scores the same networks. */
function useSeeds(
  runs: readonly ComparedRun[],
  split: ComparedSplit,
  isReady: boolean,
): UseQueryResult<SeedComparison> {
  const request = { runs: idsIn(runs), split };
  return useQuery({
    queryKey: ['seeds', request, stateOf(runs)],
    queryFn: ({ signal }) => client.evaluation.compareSeeds.mutate(request, { signal }),
    enabled: isReady,
  });
}

function SaveReport({ runs, split }: ScoredProps): ReactElement {
  const saving = useMutation({
    mutationFn: () => client.evaluation.comparePage.mutate({ runs: idsIn(runs), split }),
    onSuccess: ({ page }) => saveFile(new Blob([page], { type: 'text/html' }), `comparison-${split}.html`),
  });
  return (
    <>
      <Button icon="export" isPending={saving.isPending} onPress={() => saving.mutate()}>
        Save as a page
      </Button>
      {saving.error !== null && <ErrorNote error={saving.error} />}
    </>
  );
}
