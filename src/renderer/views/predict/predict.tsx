import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { ImagePrediction } from '#shared/prediction.ts';
import { NETWORKS, type NetworkName, type RunSummary } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';
import { Choice } from '../../components/fields.tsx';
import { Empty, ErrorNote, Loaded, Skeleton } from '../../components/states.tsx';
import { formatShare } from '../../text/format.ts';
import { NETWORK_LABELS, STATUS_LABELS } from '../../text/words.ts';
import { FaceStrip } from './face-strip.tsx';
import { PictureDrop } from './picture-drop.tsx';
import { type ShownPicture, pictureOfFace, usePaste, usePictures } from './picture.ts';
import { Probabilities } from './probabilities.tsx';
import './predict.css';

const route = getRouteApi('/predict');

/** One picture, one trained network, the probability of each expression. */
export function Predict(): ReactElement {
  const runs = useQuery(api.runs.list.queryOptions());
  return (
    <div className="place">
      <h1 className="visually-hidden">Predict</h1>
      <Loaded query={runs} skeleton={<Skeleton height={420} />}>
        {(list) => {
          const trained = list.filter(({ best }) => best !== null);
          return trained.length === 0 ? <NoNetwork /> : <PredictWith runs={trained} />;
        }}
      </Loaded>
    </div>
  );
}

function NoNetwork(): ReactElement {
  return (
    <Empty icon="predict" title="No trained network yet" action={<Link to="/runs/new">Start a run</Link>}>
      Once a run has reached its first evaluation, its networks can be tried on any picture here, even while it trains
      on.
    </Empty>
  );
}

/** Which network is asked; the address says so. */
function useModel(runs: readonly RunSummary[]) {
  const { run: wanted, network } = route.useSearch();
  const run = runs.find(({ id }) => id === wanted) ?? runs[0]!;
  return { run, network };
}

function PredictWith({ runs }: { runs: readonly RunSummary[] }): ReactElement {
  const { run, network } = useModel(runs);
  const { face } = route.useSearch();
  const navigate = route.useNavigate();
  const { pictures, uploading } = usePictures();
  const [chosen, setChosen] = useState<ShownPicture | null>(null);
  const shown = face !== undefined ? pictureOfFace(face) : chosen;

  const take = (file: File): void =>
    uploading.mutate(file, {
      onSuccess: (picture) => {
        setChosen(picture);
        void navigate({ search: (previous) => ({ ...previous, face: undefined }) });
      },
    });
  usePaste(take);
  const prediction = usePrediction(shown, run.id, network);
  return (
    <div className="predict">
      <section className="panel stack">
        <PictureDrop shown={shown} isUploading={uploading.isPending} onPicture={take} />
        {uploading.error !== null && <ErrorNote error={uploading.error} />}
        <FaceStrip
          selected={face}
          onSelect={(id) => void navigate({ search: (previous) => ({ ...previous, face: id }) })}
          earlier={pictures}
          onEarlier={(picture) => {
            setChosen(picture);
            void navigate({ search: (previous) => ({ ...previous, face: undefined }) });
          }}
        />
      </section>
      <section className="panel stack">
        <ModelChoice runs={runs} run={run} network={network} />
        <Answer shown={shown} run={run} prediction={prediction} />
      </section>
    </div>
  );
}

/** Asked anew for each picture and network; what was asked before is remembered until the run has a newer checkpoint. */
function usePrediction(
  shown: ShownPicture | null,
  run: string,
  network: NetworkName | undefined,
): UseQueryResult<ImagePrediction> {
  return useQuery({
    queryKey: [...api.prediction.predict.mutationKey(), { run, network, picture: shown?.picture }],
    queryFn: ({ signal }) => {
      if (shown === null) throw new Error('There is no picture to predict.');
      return client.prediction.predict.mutate({ model: { run, network }, picture: shown.picture }, { signal });
    },
    enabled: shown !== null,
  });
}

const AUTOMATIC = 'automatic';

interface ModelChoiceProps {
  readonly runs: readonly RunSummary[];
  readonly run: RunSummary;
  readonly network: NetworkName | undefined;
}

function ModelChoice({ runs, run, network }: ModelChoiceProps): ReactElement {
  const navigate = route.useNavigate();
  return (
    <div className="predict-model">
      <Choice
        label="Run"
        value={run.id}
        options={runs.map(({ id, status, best }) => ({
          value: id,
          label: id,
          note: `${STATUS_LABELS[status]}${best === null ? '' : ` · ${formatShare(best.accuracy)}`}`,
        }))}
        onChange={(id) => void navigate({ search: (previous) => ({ ...previous, run: id }) })}
      />
      <Choice
        label="Network"
        value={network ?? AUTOMATIC}
        options={[
          { value: AUTOMATIC, label: 'Chosen by validation' },
          ...NETWORKS.map((value) => ({ value, label: NETWORK_LABELS[value] })),
        ]}
        onChange={(value) =>
          void navigate({ search: (previous) => ({ ...previous, network: value === AUTOMATIC ? undefined : value }) })
        }
      />
    </div>
  );
}

interface AnswerProps {
  readonly shown: ShownPicture | null;
  readonly run: RunSummary;
  readonly prediction: UseQueryResult<ImagePrediction>;
}

function Answer({ shown, run, prediction }: AnswerProps): ReactElement {
  if (shown === null) {
    return (
      <Empty icon="predict" title="Choose a picture">
        Drop a file, paste one, or pick a face of the catalog. The whole picture is taken as the face.
      </Empty>
    );
  }
  return (
    <Loaded query={prediction} skeleton={<Skeleton height={280} />}>
      {(answer) => <Probabilities prediction={answer} run={run.name} onAskAgain={() => void prediction.refetch()} />}
    </Loaded>
  );
}
