import { type KeyboardEvent, type PointerEvent, type ReactElement, useEffect, useRef, useState } from 'react';
import type { FaceBox, FacePrediction, Point } from '#shared/prediction.ts';
import { formatShare } from '../../text/format.ts';
import { colorOfClass, labelOfClass } from './classes.ts';
import { CORNERS, type Handle, pulled } from './faces.ts';
import { type PictureSize, percent, placeOf } from './placing.ts';

interface FaceFrameProps {
  readonly face: FacePrediction;
  readonly title: string;
  /** Of the face among several. */
  readonly number: number | null;
  readonly picture: PictureSize;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  readonly onCorrect: (box: FaceBox) => void;
}

/** Pixels of the picture that an arrow key moves a box by, as a share of the picture's larger side. */
const KEY_STEP = 0.01;
/** A box pulled by keys is asked about when they rest this long. */
const REST_MILLISECONDS = 500;

/** A box that is pulled by its middle or a corner, with the mouse, a pen or a finger. */
interface Pull {
  readonly handle: Handle;
  /** Where it was taken, pixels of the window, and what the box was then. */
  readonly from: Point;
  readonly box: FaceBox;
}

/** The box of a face, and what was said of it. Pulled, it is asked about anew; the keys do the same. */
export function FaceFrame({
  face,
  title,
  number,
  picture,
  isSelected,
  onSelect,
  onCorrect,
}: FaceFrameProps): ReactElement {
  const [draft, setDraft] = useState<FaceBox | null>(null);
  const [pull, setPull] = useState<Pull | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const box = draft ?? face.box;
  // Above a box at the upper edge there is no room for its words.
  const isAtTop = box.y < picture.height * 0.09;

  // What a corner hears is not for the frame around it.
  const handlers = (handle: Handle) => ({
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      onSelect();
      setPull({ handle, from: { x: event.clientX, y: event.clientY }, box });
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const frame = event.currentTarget.closest('.stage-picture')?.getBoundingClientRect();
      if (pull === null || frame === undefined) return;
      event.stopPropagation();
      const by = {
        x: ((event.clientX - pull.from.x) / frame.width) * picture.width,
        y: ((event.clientY - pull.from.y) / frame.height) * picture.height,
      };
      setDraft(pulled(pull.box, pull.handle, by, picture));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      event.stopPropagation();
      if (pull === null) return;
      setPull(null);
      if (draft !== null) onCorrect(draft);
    },
    onPointerCancel: () => {
      setPull(null);
      setDraft(null);
    },
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
