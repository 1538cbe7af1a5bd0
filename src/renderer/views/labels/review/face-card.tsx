import { type ReactElement, memo, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import type { ReviewAction, ReviewKeys } from '#shared/review.ts';
import type { Round } from '#shared/rounds.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { Icon } from '../../../components/icon.tsx';
import { expressionAt } from '../../../text/words.ts';
import { Explanation } from './explanation.tsx';
import { shownKey } from './keys.ts';
import type { Pictures } from './pictures.ts';
import { VERDICT_LABELS } from './queue-labels.ts';
import type { LocalAct, QueueFace } from './session.ts';

interface FaceCardProps {
  readonly face: QueueFace;
  readonly round: Round;
  readonly pictures: Pictures;
  readonly keys: ReviewKeys;
  readonly decided: LocalAct | null;
  readonly isExplaining: boolean;
  readonly isZoomed: boolean;
  readonly onAct: (action: ReviewAction) => void;
}

/** The face as large as fits, the label in question, and what can be said of it. */
export function FaceCard(props: FaceCardProps): ReactElement {
  const { face, round, pictures, keys, decided, isExplaining, isZoomed, onAct } = props;
  const { label } = expressionAt(face.label);
  return (
    <section
      className={isZoomed ? 'review-card review-card-zoomed' : 'review-card'}
      tabIndex={-1}
      aria-label={`Face ${face.image.id}, ${face.isGiven ? 'labeled' : 'pseudo label'} ${label}`}
    >
      <div className="review-face">
        <FaceCanvas id={face.image.id} pictures={pictures} />
        {isExplaining && <Explanation face={face} round={round} />}
      </div>
      <div className="judged">
        <span className="muted">{face.isGiven ? 'Label' : 'Pseudo label'}</span>
        <span className={face.isGiven ? 'judged-label' : 'judged-label judged-label-pseudo'}>
          <ClassLetter index={face.label} />
          {label}
        </span>
        <span className="confidence" title={`Confidence ${face.confidence.toFixed(3)}`}>
          <span style={{ width: `${face.confidence * 100}%` }} />
        </span>
        <span className="number">{face.confidence.toFixed(2)}</span>
        {face.isGiven && face.predicted !== face.label && (
          <span className="muted">the network says {expressionAt(face.predicted).label}</span>
        )}
        <span className="spacer" />
        <Decided act={decided} verdict={face.verdict} />
      </div>
      <ReviewButtons classes={round.classes} keys={keys} decided={decided} onAct={onAct} />
    </section>
  );
}

function Decided({ act, verdict }: { act: LocalAct | null; verdict: QueueFace['verdict'] }): ReactElement | null {
  if (act === null) return verdict === null ? null : <span className="muted">{VERDICT_LABELS[verdict]} before</span>;
  return (
    <span className="muted">
      {VERDICT_LABELS[act.verdict]}
      {act.verdict === 'relabel' && act.label !== null && ` ${expressionAt(act.label).label}`}
    </span>
  );
}

/** A face that was decoded before, drawn in the frame it is asked for in. */
export function FaceCanvas({ id, pictures }: { id: number; pictures: Pictures }): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = useSyncExternalStore(pictures.subscribe, () => pictures.get(id));
  const isReady = picture !== undefined && picture !== 'failed';
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || picture === undefined || picture === 'failed') return;
    if (element.width !== picture.width) element.width = picture.width;
    if (element.height !== picture.height) element.height = picture.height;
    element.getContext('2d')?.drawImage(picture, 0, 0);
    element.dataset['image'] = String(id);
  }, [id, picture]);
  return (
    <>
      <canvas ref={canvas} className="face-canvas" role="img" aria-label={`Face ${id}`} hidden={!isReady} />
      {picture === undefined && <div className="skeleton face-waiting" aria-busy="true" />}
      {picture === 'failed' && (
        <div className="face-failed" role="img" aria-label={`Face ${id}: cannot be read`}>
          <Icon name="warning" size={28} />
          <p>This image cannot be had now.</p>
        </div>
      )}
    </>
  );
}

const ACTS: readonly { readonly action: ReviewAction; readonly label: string }[] = [
  { action: 'accept', label: 'Accept' },
  { action: 'reject', label: 'Reject' },
  { action: 'unsure', label: 'Unsure' },
  { action: 'back', label: 'Back' },
  { action: 'undo', label: 'Undo' },
  { action: 'explain', label: 'Grad-CAM' },
  { action: 'zoom', label: 'Zoom' },
];

interface ReviewButtonsProps {
  readonly classes: readonly string[];
  readonly keys: ReviewKeys;
  readonly decided: LocalAct | null;
  readonly onAct: (action: ReviewAction) => void;
}

function ReviewButtons({ classes, keys, decided, onAct }: ReviewButtonsProps): ReactElement {
  return (
    <div className="review-buttons">
      <div className="review-classes" role="group" aria-label="Relabel as">
        {classes.map((name, label) => (
          <ActButton
            key={name}
            action={name as ReviewAction}
            label={expressionAt(label).label}
            letter={label}
            keyName={keys[name as ReviewAction]}
            isPressed={decided?.label === label}
            onAct={onAct}
          />
        ))}
      </div>
      <div className="review-acts" role="group" aria-label="Verdict">
        {ACTS.map(({ action, label }) => (
          <ActButton
            key={action}
            action={action}
            label={label}
            letter={null}
            keyName={keys[action]}
            isPressed={decided?.verdict === action}
            onAct={onAct}
          />
        ))}
      </div>
    </div>
  );
}

interface ActButtonProps {
  readonly action: ReviewAction;
  readonly label: string;
  /** Class index, for its colour and letter. */
  readonly letter: number | null;
  readonly keyName: string;
  readonly isPressed: boolean;
  readonly onAct: (action: ReviewAction) => void;
}

/** The press is said by the key as well as by the button, so the button need not be in the order of Tab. */
export const ActButton = memo(function ActButton(props: ActButtonProps): ReactElement {
  const { action, label, letter, keyName, isPressed, onAct } = props;
  return (
    <button
      type="button"
      className={isPressed ? 'act act-pressed' : 'act'}
      aria-pressed={isPressed}
      aria-keyshortcuts={keyName}
      onClick={() => onAct(action)}
    >
      <kbd>{shownKey(keyName)}</kbd>
      {letter !== null && <ClassLetter index={letter} />}
      <span className="truncate">{label}</span>
    </button>
  );
});
