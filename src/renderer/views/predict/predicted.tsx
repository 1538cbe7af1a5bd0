import { type UseQueryResult, keepPreviousData, useQuery } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { Slider, SliderOutput, SliderThumb, SliderTrack, Label } from 'react-aria-components';
import type { FaceBox, FacePrediction, ImagePrediction, MarkedFace } from '#shared/prediction.ts';
import type { PredictRequest } from '#shared/requests.ts';
import type { NetworkName } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';
import { notices } from '../../api/notices.ts';
import { Button } from '../../components/button.tsx';
import { Segments } from '../../components/segments.tsx';
import { Loaded, Skeleton } from '../../components/states.tsx';
import { formatCount } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import { saveFile } from '../runs/save-file.ts';
import { Answer, type Scale } from './answer.tsx';
import { answeredBy, jsonOf, pngOf } from './export.ts';
import { faceTitle, markedFaces, middleBox } from './faces.ts';
import { type Model, requestOfModel } from './model-choice.tsx';
import { Neighbors } from './neighbors.tsx';
import type { ShownPicture } from './picture.ts';
import { type Overlay, Stage } from './stage.tsx';

interface PredictedProps {
  readonly shown: ShownPicture;
  readonly model: Model;
  readonly modelName: string;
  readonly networks: readonly NetworkName[] | undefined;
  /** The step of the run's best network: with a better one there is another answer. */
  readonly bestStep: number | undefined;
  readonly look: 'faces' | 'picture';
  readonly notebook: boolean;
  /** How another picture is chosen. */
  readonly ways: ReactNode;
  /** Pictures to go on with. */
  readonly strips: ReactNode;
}

/** How strongly the map lies over the picture; as it was left, while the window is open. */
let lastOpacity = 0.4;

/** A picture and what was said of it. Mounted anew for each picture. */
export function Predicted(props: PredictedProps): ReactElement {
  const { shown, model, modelName, networks, bestStep, look, notebook, ways, strips } = props;
  const [marked, setMarked] = useState<readonly MarkedFace[] | null>(null);
  const [selected, setSelected] = useState(0);
  const [scale, setScale] = useState<Scale>('raw');
  const [className, setClassName] = useState<string | null>(null);
  const [lookedBy, setLookedBy] = useState<NetworkName | null>(null);
  const [opacity, setOpacity] = useState(lastOpacity);

  const question: PredictRequest = {
    model: requestOfModel(model),
    picture: shown.picture,
    networks: networks && [...networks],
    faces: look === 'picture' ? 'picture' : marked === null ? 'detect' : [...marked],
    notebook,
    explain: true,
  };
  const prediction = useAnswer(question, bestStep);
  const split = useLabeledSplit();
  const neighbors = useAnswer(
    { ...question, explain: false, neighbors: { split: split ?? 'train' } },
    bestStep,
    split !== null,
  );

  const faces = prediction.data?.faces;
  const face = faces?.[selected] ?? faces?.[0];
  const looking = face?.networks.find(({ network }) => network === lookedBy) ?? face?.networks[0];
  const shownClass = className ?? looking?.class ?? '';
  const overlay: Overlay | null =
    looking === undefined || looking.maps === null || opacity === 0
      ? null
      : { maps: looking.maps, className: shownClass, opacity };

  const correct = (index: number, box: FaceBox): void => {
    if (faces === undefined) return;
    const corrected = markedFaces(faces, index, box);
    setMarked(corrected);
    setSelected(Math.min(selected, corrected.length - 1));
  };
  const markMiddle = (data: ImagePrediction): void => {
    setMarked([{ box: middleBox(data), landmarks: null }]);
    setSelected(0);
  };
  return (
    <div className="predict">
      <section className="panel stack predict-picture">
        <Stage
          shown={shown}
          prediction={prediction.data}
          selected={selected}
          overlay={overlay}
          onSelect={setSelected}
          onCorrect={correct}
        />
        {face !== undefined && looking !== undefined && (
          <div className="row heat-controls">
            <OpacitySlider
              value={opacity}
              onChange={(value) => {
                lastOpacity = value;
                setOpacity(value);
              }}
            />
            {face.networks.length > 1 && (
              <Segments
                label="Whose look is shown"
                value={looking.network}
                options={face.networks.map(({ network }) => ({ value: network, label: NETWORK_LABELS[network] }))}
                onChange={setLookedBy}
              />
            )}
          </div>
        )}
        {ways}
        {strips}
      </section>
      <section className="panel stack" aria-label="Answer" aria-busy={prediction.isFetching || undefined}>
        <Loaded query={prediction} skeleton={<Skeleton height={320} />}>
          {(data) => (
            <>
              <FaceLine
                data={data}
                selected={data.faces[selected] === undefined ? 0 : selected}
                wasLookedFor={look === 'faces'}
                isMarked={marked !== null}
                onMark={() => markMiddle(data)}
                onFindAgain={() => setMarked(null)}
              />
              <Answer
                face={data.faces[selected] ?? data.faces[0]!}
                scale={scale}
                onScale={setScale}
                shownClass={shownClass}
                onShowClass={(name) => setClassName(name === className ? null : name)}
              />
              <Footer
                data={data}
                modelName={modelName}
                isAsking={prediction.isFetching}
                onAskAgain={() => void prediction.refetch()}
                onSave={() => void save(shown, data, overlay, modelName)}
              />
              {split !== null && (
                <Neighbors
                  query={neighbors}
                  selected={selected}
                  model={question.model}
                  networks={networks}
                  split={split}
                />
              )}
            </>
          )}
        </Loaded>
      </section>
    </div>
  );
}

/** Asked anew for each picture, model and box; what was said before stays until the new answer is there. */
function useAnswer(
  question: PredictRequest,
  bestStep: number | undefined,
  enabled = true,
): UseQueryResult<ImagePrediction> {
  return useQuery({
    queryKey: [...api.prediction.predict.mutationKey(), question, bestStep],
    queryFn: ({ signal }) => client.prediction.predict.mutate(question, { signal }),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** Where the neighbours are looked for: the first split that holds labeled images; null for none, or while it is not known. */
function useLabeledSplit(): 'train' | 'validation' | 'test' | null {
  const stats = useQuery(api.catalog.stats.queryOptions());
  const splits = stats.data?.splits;
  const isLabeled = (split: 'train' | 'validation' | 'test'): boolean =>
    splits?.[split]?.counts.some((count) => count > 0) ?? false;
  return (['train', 'validation', 'test'] as const).find(isLabeled) ?? null;
}

function OpacitySlider({ value, onChange }: { value: number; onChange: (value: number) => void }): ReactElement {
  return (
    <Slider
      className="opacity-slider"
      value={Math.round(value * 100)}
      minValue={0}
      maxValue={100}
      step={5}
      onChange={(percent) => onChange(percent / 100)}
    >
      <Label className="field-label">Grad-CAM</Label>
      <SliderTrack className="slider-track">
        <SliderThumb className="slider-thumb" />
      </SliderTrack>
      <SliderOutput className="slider-output">{({ state }) => `${state.getThumbValue(0)} %`}</SliderOutput>
    </Slider>
  );
}

interface FaceLineProps {
  readonly data: ImagePrediction;
  readonly selected: number;
  readonly wasLookedFor: boolean;
  readonly isMarked: boolean;
  readonly onMark: () => void;
  readonly onFindAgain: () => void;
}

/** Which face this is about, or that the whole picture was taken as one. */
function FaceLine(props: FaceLineProps): ReactElement {
  const { data, selected, wasLookedFor, isMarked, onMark, onFindAgain } = props;
  const face: FacePrediction = data.faces[selected]!;
  if (face.origin === 'picture' && wasLookedFor) {
    return (
      <div className="note note-warning">
        <div className="note-text">
          <p>No face was found: the whole picture was taken as one.</p>
          <p className="note-hint">If there is a face in it, mark it and pull its box over it.</p>
        </div>
        <Button onPress={onMark}>Mark the face</Button>
      </div>
    );
  }
  return (
    <div className="row face-line">
      <p className="muted">
        {face.origin === 'picture' ? 'The whole picture is taken as the face.' : `${faceTitle(data.faces, selected)}.`}
        {face.origin === 'detected' && ' Pull its box or its corners to correct it.'}
      </p>
      <span className="spacer" />
      {isMarked && wasLookedFor && (
        <Button kind="quiet" icon="undo" onPress={onFindAgain}>
          Find faces again
        </Button>
      )}
    </div>
  );
}

interface FooterProps {
  readonly data: ImagePrediction;
  readonly modelName: string;
  readonly isAsking: boolean;
  readonly onAskAgain: () => void;
  readonly onSave: () => void;
}

function Footer({ data, modelName, isAsking, onAskAgain, onSave }: FooterProps): ReactElement {
  return (
    <div className="answer-foot">
      <p className="muted small">
        {answeredBy(data, modelName)} · {formatCount(data.milliseconds)} ms
      </p>
      <div className="row">
        <Button kind="quiet" icon="refresh" isPending={isAsking} onPress={onAskAgain}>
          Ask again
        </Button>
        <Button kind="quiet" icon="copies" onPress={() => void copyJson(data)}>
          Copy JSON
        </Button>
        <Button kind="quiet" icon="export" onPress={onSave}>
          Save PNG
        </Button>
      </div>
    </div>
  );
}

async function copyJson(data: ImagePrediction): Promise<void> {
  try {
    await navigator.clipboard.writeText(jsonOf(data));
    notices.add({ level: 'info', message: 'The answer was copied as JSON.' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notices.add({ level: 'error', message: `The browser did not let the answer be copied: ${reason}` });
  }
}

async function save(shown: ShownPicture, data: ImagePrediction, overlay: Overlay | null, model: string): Promise<void> {
  if (shown.address === null) return;
  try {
    const picture = await pngOf({
      address: shown.address,
      prediction: data,
      overlay,
      caption: answeredBy(data, model),
    });
    saveFile(picture, `${shown.title.replace(/\.\w+$/, '').replace(/[^\p{L}\p{N}]+/gu, '-')}-predicted.png`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    notices.add({ level: 'error', message: `The picture could not be saved: ${reason}` });
  }
}
