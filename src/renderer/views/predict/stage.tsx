import { type CSSProperties, type ReactElement, useEffect, useRef, useState } from 'react';
import type { ActivationMaps, FaceBox, ImagePrediction } from '#shared/prediction.ts';
import { labelOfClass } from './classes.ts';
import { FaceFrame } from './face-frame.tsx';
import { faceTitle } from './faces.ts';
import { HEAT_SIDE, heatPixels } from './heat.ts';
import type { ShownPicture } from './picture.ts';
import { type PictureSize, placeOf } from './placing.ts';
import './stage.css';

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

/** Where a network looked, over the square it saw, turned as that was. */
function Heat({
  overlay: { maps, className, opacity },
  picture,
}: {
  overlay: Overlay;
  picture: PictureSize;
}): ReactElement {
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
