import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { Button } from '../../components/button.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { type ShelvedPicture, shelf } from './picture-shelf.ts';
import { useObjectAddress } from './picture.ts';

interface HistoryProps {
  readonly pictures: readonly ShelvedPicture[];
  /** Key of the one that is shown. */
  readonly shown: string | undefined;
  readonly onShow: (picture: ShelvedPicture) => void;
}

const SIDE = 56;

/** What was tried before, in this browser, the newest first. */
export function History({ pictures, shown, onShow }: HistoryProps): ReactElement | null {
  if (pictures.length === 0) return null;
  return (
    <section className="history" aria-label="Tried before">
      <div className="row">
        <h2>Tried before</h2>
        <span className="spacer" />
        <Button kind="quiet" onPress={() => void shelf.clear()}>
          Forget them
        </Button>
      </div>
      <div className="strip">
        {pictures.map((picture) => (
          <Tried key={picture.key} picture={picture} isShown={picture.key === shown} onShow={() => onShow(picture)} />
        ))}
      </div>
    </section>
  );
}

function Tried(props: { picture: ShelvedPicture; isShown: boolean; onShow: () => void }): ReactElement {
  const { picture, isShown, onShow } = props;
  const address = useObjectAddress(picture.file);
  return (
    <AriaButton
      className={isShown ? 'strip-face strip-face-selected' : 'strip-face'}
      aria-label={picture.title}
      aria-pressed={isShown}
      onPress={onShow}
    >
      {'image' in picture.picture ? (
        <FaceImage id={picture.picture.image} size={SIDE} alt="" />
      ) : (
        address !== null && <img className="face" src={address} alt="" />
      )}
    </AriaButton>
  );
}
