import { type ReactElement, memo, useSyncExternalStore } from 'react';
import { imageAddress } from '../../../api/client.ts';
import { connection } from '../../../api/events.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { Icon } from '../../../components/icon.tsx';
import type { LocalAct, QueueFace } from './session.ts';

const BEFORE = 2;
const AFTER = 12;
/** Pixels of a picture of the strip: one size for all screens, so that the browser has it by the time it is near. */
const SIZE = 96;

interface FilmstripProps {
  readonly faces: readonly QueueFace[];
  readonly index: number;
  readonly decided: ReadonlyMap<number, LocalAct>;
  readonly onLook: (index: number) => void;
}

/** The next twelve faces, and the last two with what was decided. */
export function Filmstrip({ faces, index, decided, onLook }: FilmstripProps): ReactElement {
  const first = Math.max(0, index - BEFORE);
  return (
    <ol className="filmstrip" aria-label="Next faces">
      {faces.slice(first, index + AFTER + 1).map((face, place) => (
        <StripFace
          key={face.image.id}
          face={face}
          place={first + place}
          isCurrent={first + place === index}
          act={decided.get(face.image.id) ?? null}
          onLook={onLook}
        />
      ))}
    </ol>
  );
}

interface StripFaceProps {
  readonly face: QueueFace;
  readonly place: number;
  readonly isCurrent: boolean;
  readonly act: LocalAct | null;
  readonly onLook: (index: number) => void;
}

const StripFace = memo(function StripFace({ face, place, isCurrent, act, onLook }: StripFaceProps): ReactElement {
  const isConnected = useSyncExternalStore(connection.subscribe, () => connection.state().status !== 'lost');
  return (
    <li>
      <button
        type="button"
        className={isCurrent ? 'strip-face strip-face-current' : 'strip-face'}
        tabIndex={-1}
        aria-label={`Face ${place + 1} of the queue`}
        aria-current={isCurrent}
        onClick={() => onLook(place)}
      >
        <img
          // Tried again once the host answers.
          key={String(isConnected)}
          src={imageAddress(face.image.id, SIZE)}
          alt=""
          draggable={false}
          decoding="async"
          onError={(event) => (event.currentTarget.hidden = true)}
        />
        {act !== null && (
          <span className="strip-mark">
            {act.label !== null ? (
              <ClassLetter index={act.label} />
            ) : (
              <span className="strip-verdict">
                <Icon
                  name={act.verdict === 'accept' ? 'check' : act.verdict === 'reject' ? 'close' : 'info'}
                  size={12}
                />
              </span>
            )}
          </span>
        )}
      </button>
    </li>
  );
});
