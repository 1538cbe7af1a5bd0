import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type DragEvent, type ReactElement, type ReactNode, useEffect, useState } from 'react';
import { FileTrigger } from 'react-aria-components';
import type { StudioError } from '#shared/errors.ts';
import type { NetworkName, RunSummary } from '#shared/training.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { Toggle } from '../../components/fields.tsx';
import { Icon } from '../../components/icon.tsx';
import { Segments } from '../../components/segments.tsx';
import { Empty, ErrorNote, Loaded, Skeleton, WarningNote } from '../../components/states.tsx';
import { CameraButton } from './camera.tsx';
import { FaceStrip } from './face-strip.tsx';
import { History } from './history.tsx';
import { type Model, ModelChoice, nameOfModel, useModels } from './model-choice.tsx';
import { leadingFirst, networksOfRun } from './networks.ts';
import { shelf } from './picture-shelf.ts';
import { keyOfFace, usePaste, useShelf, useShownPicture, useUpload } from './picture.ts';
import { Predicted } from './predicted.tsx';
import type { PredictSearch } from './search.ts';
import './predict.css';

const route = getRouteApi('/predict');

/** One picture, the networks of a model, the probability of each expression, and what they looked at. */
export function Predict(): ReactElement {
  const { query, model } = useModels(route.useSearch());
  return (
    <div className="place predict-place">
      <h1 className="visually-hidden">Predict</h1>
      <Loaded query={query} skeleton={<Skeleton height={420} />}>
        {({ runs, imported }) =>
          model.run === undefined && model.checkpoint === undefined ? (
            <NoNetwork />
          ) : (
            <PredictWith runs={runs} imported={imported} model={model} />
          )
        }
      </Loaded>
    </div>
  );
}

function NoNetwork(): ReactElement {
  return (
    <Empty icon="predict" title="No trained network yet" action={<Link to="/runs/new">Start a run</Link>}>
      Once a run has reached its first evaluation, its networks can be tried on any picture here, even while it trains
      on. A checkpoint of another program opens with <code>checkpoint import</code>.
    </Empty>
  );
}

interface PredictWithProps {
  readonly runs: readonly RunSummary[];
  readonly imported: readonly string[];
  readonly model: Model;
}

function PredictWith({ runs, imported, model }: PredictWithProps): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<PredictSearch>): void =>
    void navigate({ search: (previous) => ({ ...previous, ...part }) });
  const shown = useShownPicture(search);
  const tried = useShelf();
  const uploading = useUpload((upload) => change({ upload, face: undefined }));
  const [cameraProblem, setCameraProblem] = useState<StudioError | null>(null);
  usePaste(uploading.mutate);
  const { face } = search;
  useEffect(() => {
    if (face === undefined) return;
    const picture = { image: face };
    void shelf.put({ key: keyOfFace(face), picture, title: `Face ${face}`, file: null, at: Date.now() });
  }, [face]);
  const networks = useNetworks(runs, model);

  const ways = (
    <>
      <div className="row predict-ways">
        <FileTrigger
          acceptedFileTypes={PICTURE_TYPES}
          allowsMultiple
          onSelect={(files) => files !== null && files.length > 0 && uploading.mutate([...files])}
        >
          <Button icon="image" isPending={uploading.isPending}>
            Choose a file
          </Button>
        </FileTrigger>
        <CameraButton onPicture={(file) => uploading.mutate([file])} onError={setCameraProblem} />
      </div>
      {uploading.error !== null && <ErrorNote error={uploading.error} />}
      {cameraProblem !== null && <ErrorNote error={cameraProblem} />}
    </>
  );
  const strips = (
    <>
      <History
        pictures={tried ?? []}
        shown={search.face === undefined ? search.upload : keyOfFace(search.face)}
        onShow={({ picture }) =>
          change('image' in picture ? { face: picture.image, upload: undefined } : { face: undefined, ...picture })
        }
      />
      <FaceStrip selected={search.face} onSelect={(face) => change({ face, upload: undefined })} />
    </>
  );
  return (
    <DropArea onFiles={uploading.mutate}>
      <section className="panel predict-bar" aria-label="Who is asked, and how">
        <ModelChoice
          runs={runs}
          imported={imported}
          model={model}
          automatic="All, side by side"
          onChange={(next) => change({ run: undefined, checkpoint: undefined, network: undefined, ...next })}
        />
        <Options search={search} isFace={search.face !== undefined} onChange={change} />
      </section>
      {shown === null || shown === 'gone' ? (
        <section className="panel stack">
          <div className="drop-place">
            <Icon name="image" size={36} />
            <p className="drop-title">Drop a picture here, or paste one</p>
            <p className="muted">Faces are looked for in it. Nothing leaves this machine.</p>
            {shown === 'gone' && (
              <WarningNote>
                <p>The picture of this address is no longer kept: choose it again.</p>
              </WarningNote>
            )}
            {ways}
          </div>
          {strips}
        </section>
      ) : (
        <Loaded query={networks} skeleton={<Skeleton height={420} />}>
          {({ asked }) => (
            <Predicted
              key={JSON.stringify(shown.picture)}
              shown={shown}
              model={model}
              modelName={nameOfModel(model, runs)}
              networks={asked}
              bestStep={runs.find(({ id }) => id === model.run)?.best?.step}
              look={search.look ?? (shown.isFace ? 'picture' : 'faces')}
              notebook={search.notebook === true}
              ways={ways}
              strips={strips}
            />
          )}
        </Loaded>
      )}
    </DropArea>
  );
}

/** What the host decodes. */
const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/gif', 'image/tiff'];

/** The networks to ask, the leading one first; `asked` is undefined for a checkpoint, which tells its own. */
function useNetworks(runs: readonly RunSummary[], { run, checkpoint, network }: Model) {
  const isRun = checkpoint === undefined && run !== undefined;
  const detail = useQuery({ ...api.runs.get.queryOptions({ id: run ?? '' }), enabled: isRun });
  const leading = network ?? runs.find(({ id }) => id === run)?.best?.network;
  const asked: NetworkName[] | undefined = detail.data && leadingFirst(networksOfRun(detail.data), leading);
  return {
    data: isRun ? detail.data && { asked } : { asked: network === undefined ? undefined : [network] },
    error: isRun ? detail.error : null,
    refetch: () => void detail.refetch(),
  };
}

interface OptionsProps {
  readonly search: PredictSearch;
  readonly isFace: boolean;
  readonly onChange: (part: Partial<PredictSearch>) => void;
}

function Options({ search, isFace, onChange }: OptionsProps): ReactElement {
  const usual = isFace ? 'picture' : 'faces';
  return (
    <div className="predict-options">
      <Segments
        label="What is taken as a face"
        value={search.look ?? usual}
        options={[
          { value: 'faces', label: 'Find faces' },
          { value: 'picture', label: 'Whole picture' },
        ]}
        onChange={(look) => onChange({ look: look === usual ? undefined : look })}
      />
      <Toggle
        label="As in the notebook"
        description="Without the margin that evaluation cuts away"
        value={search.notebook === true}
        onChange={(isOn) => onChange({ notebook: isOn ? true : undefined })}
      />
    </div>
  );
}

/** Takes files that are dropped anywhere on the place. */
function DropArea({ onFiles, children }: { onFiles: (files: File[]) => void; children: ReactNode }): ReactElement {
  const [isOver, setOver] = useState(false);
  const over = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    setOver(true);
  };
  const leave = (event: DragEvent<HTMLElement>): void => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) onFiles(files);
  };
  return (
    <div
      className={isOver ? 'drop-area drop-area-over' : 'drop-area'}
      onDragEnter={over}
      onDragOver={over}
      onDragLeave={leave}
      onDrop={drop}
    >
      {children}
    </div>
  );
}
