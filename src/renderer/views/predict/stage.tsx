import {
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type ReactElement,
  useEffect,
  useRef,
  useState,
} from 'react';
import type { ActivationMaps, FaceBox, FacePrediction, ImagePrediction, Point } from '#shared/prediction.ts';
import { formatShare } from '../../text/format.ts';
import { colorOfClass, labelOfClass } from './classes.ts';
import { CORNERS, type Handle, faceTitle, pulled } from './faces.ts';
import { HEAT_SIDE, heatPixels } from './heat.ts';
import type { ShownPicture } from './picture.ts';

/** What lies over the face that is looked at. */
export interface Overlay {
  readonly maps: ActivationMaps;
  readonly className: string;
  /** 0 … 1 */
  readonly opacity: number;
}

interface StageProps {
  readonly shown: ShownPicture;
  /** Undefined while it is not there yet, or is of another picture. */
  readonly prediction: ImagePrediction | undefined;
  readonly selected: number;
  readonly overlay: Overlay | null;
  readonly onSelect: (face: number) => void;
  readonly onCorrect: (face: number, box: FaceBox) => void;
}

/** The picture as large as fits, over it what was found: everything is placed in shares of the picture. */
export function Stage({ shown, prediction, selected, overlay, onSelect, onCorrect }: StageProps): ReactElement {
  const [natural, setNatural] = useState<{ address: string; ratio: number } | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const ratio = prediction === undefined ? natural?.ratio : prediction.width / prediction.height;
  if (shown.address === null) return <div className="stage" aria-busy="true" />;
  const { address } = shown;
  return (
    <div className="stage">
      <div className="stage-picture" style={{ '--ratio': ratio ?? 1 } as CSSProperties}>
        {failed === address ? (
          <p className="stage-missing muted">The browser cannot show this picture. The network may still read it.</p>
        ) : (
          <img
            src={address}
            alt={shown.title}
            draggable={false}
            className={natural?.address === address ? undefined : 'stage-unmeasured'}
            onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
              setNatural({ address, ratio: naturalWidth / Math.max(1, naturalHeight) })
            }
            onError={() => setFailed(address)}
          />
        )}
        {prediction !== undefined && (
          <>
            {overlay !== null && <Heat overlay={overlay} picture={prediction} />}
            {prediction.faces.map((face, index) =>
              face.origin === 'picture' ? null : (
                <FaceFrame
                  key={`${index} ${JSON.stringify(face.box)}`}
                  face={face}
                  title={faceTitle(prediction.faces, index)}
                  number={prediction.faces.length > 1 ? index + 1 : null}
                  picture={prediction}
                  isSelected={index === selected}
                  onSelect={() => onSelect(index)}
                  onCorrect={(box) => onCorrect(index, box)}
                />
              ),
            )}
          </>
        )}
      </div>
    </div>
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const percent = (share: number): string => `${share * 100}%`;

function placeOf({ x, y, width, height }: FaceBox, picture: Size) {
  return {
    left: percent(x / picture.width),
    top: percent(y / picture.height),
    width: percent(width / picture.width),
    height: percent(height / picture.height),
  };
}

/** Where a network looked, over the square it saw, turned as that was. */
function Heat({ overlay: { maps, className, opacity }, picture }: { overlay: Overlay; picture: Size }): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext('2d') ?? null;
    if (context === null) return;
    const pixels = heatPixels(maps, className);
    if (pixels === null) context.clearRect(0, 0, HEAT_SIDE, HEAT_SIDE);
    else context.putImageData(new ImageData(pixels, HEAT_SIDE, HEAT_SIDE), 0, 0);
  }, [maps, className]);
  const { x, y, side, degrees } = maps.over;
  const box = { x: x - side / 2, y: y - side / 2, width: side, height: side };
  return (
    <canvas
      ref={canvas}
      className="heat"
      width={HEAT_SIDE}
      height={HEAT_SIDE}
      style={{ ...placeOf(box, picture), rotate: `${degrees}deg`, opacity }}
      role="img"
      aria-label={`Where the network looked for ${labelOfClass(className)}`}
    />
  );
}

interface FaceFrameProps {
  readonly face: FacePrediction;
  readonly title: string;
  /** Of the face among several. */
  readonly number: number | null;
  readonly picture: Size;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  readonly onCorrect: (box: FaceBox) => void;
}

/** Pixels of the picture that an arrow key moves a box by, as a share of the picture's larger side. */
const KEY_STEP = 0.01;
/** A box pulled by keys is asked about when they rest this long. */
const REST_MILLISECONDS = 500;

function FaceFrame({ face, title, number, picture, isSelected, onSelect, onCorrect }: FaceFrameProps): ReactElement {
  const [draft, setDraft] = useState<FaceBox | null>(null);
  const pulling = useRef<{ handle: Handle; from: Point; box: FaceBox } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const box = draft ?? face.box;
  // Above a box at the upper edge there is no room for its words.
  const isAtTop = box.y < picture.height * 0.09;

  const start = (handle: Handle) => (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    onSelect();
    pulling.current = { handle, from: { x: event.clientX, y: event.clientY }, box };
  };
  const move = (event: PointerEvent<HTMLElement>): void => {
    const pull = pulling.current;
    const frame = event.currentTarget.closest('.stage-picture')?.getBoundingClientRect();
    if (pull === null || frame === undefined) return;
    const by = {
      x: ((event.clientX - pull.from.x) / frame.width) * picture.width,
      y: ((event.clientY - pull.from.y) / frame.height) * picture.height,
    };
    setDraft(pulled(pull.box, pull.handle, by, picture));
  };
  const end = (): void => {
    // A corner's release is the frame's too.
    if (pulling.current === null) return;
    pulling.current = null;
    if (draft !== null) onCorrect(draft);
  };
  const cancel = (): void => {
    pulling.current = null;
    setDraft(null);
  };
  const handlers = (handle: Handle) => ({
    onPointerDown: start(handle),
    onPointerMove: move,
    onPointerUp: end,
    onPointerCancel: cancel,
  });
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onSelect();
      return;
    }
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const step = Math.max(1, Math.max(picture.width, picture.height) * KEY_STEP);
    const next = pulled(
      box,
      event.shiftKey ? 'se' : 'move',
      { x: direction[0]! * step, y: direction[1]! * step },
      picture,
    );
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onCorrect(next), REST_MILLISECONDS);
  };
  return (
    <>
      <div
        className={isSelected ? 'face-frame face-frame-selected' : 'face-frame'}
        style={{ ...placeOf(box, picture), borderColor: isSelected ? colorOfClass(face.class) : undefined }}
        role="button"
        tabIndex={0}
        aria-pressed={isSelected}
        aria-label={`${title}: ${labelOfClass(face.class)}, ${formatShare(face.probability)}. Arrow keys move the box, with Shift they size it.`}
        onKeyDown={keyDown}
        {...handlers('move')}
      >
        <span
          className={isAtTop ? 'face-frame-label face-frame-label-inside' : 'face-frame-label'}
          style={{ borderColor: colorOfClass(face.class), ...(box.x < 0 && { left: percent(-box.x / box.width) }) }}
        >
          {number !== null && `${number} · `}
          {labelOfClass(face.class)} {formatShare(face.probability)}
        </span>
        {isSelected &&
          CORNERS.map((corner) => (
            <span key={corner} className={`face-handle face-handle-${corner}`} {...handlers(corner)} />
          ))}
      </div>
      {isSelected && draft === null && face.landmarks !== null && (
        <div className="landmarks" aria-hidden="true">
          {Object.entries(face.landmarks).map(([name, { x, y }]) => (
            <span
              key={name}
              className="landmark"
              style={{ left: percent(x / picture.width), top: percent(y / picture.height) }}
            />
          ))}
        </div>
      )}
    </>
  );
}
