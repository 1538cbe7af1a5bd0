import { type ReactElement, useState } from 'react';
import { imageAddress } from '../api/client.ts';
import { Icon } from './icon.tsx';

/** A face of the catalog in a square of `size` CSS pixels; one that cannot be read says so in place. */
export function FaceImage({ id, size, alt }: { id: number; size: number; alt: string }): ReactElement {
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <span
        className="face-missing"
        role="img"
        aria-label={`${alt}: cannot be read`}
        title="This image cannot be read: its file is not there, or is damaged."
      >
        <Icon name="image" />
      </span>
    );
  }
  return (
    <img
      className="face"
      src={imageAddress(id, pixelsFor(size))}
      alt={alt}
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => setFailed(true)}
    />
  );
}

/** Few sizes only, so that the browser's cache is hit whatever the slider says. */
function pixelsFor(size: number): number {
  const wanted = size * window.devicePixelRatio;
  return [64, 128, 256, 512].find((pixels) => pixels >= wanted) ?? 1024;
}
