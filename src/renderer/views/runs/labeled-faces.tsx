import { Link } from '@tanstack/react-router';
import type { ReactElement, ReactNode } from 'react';
import type { ImageRow } from '#shared/catalog.ts';
import { ClassLetter } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { Icon } from '../../components/icon.tsx';
import './labeled-faces.css';

const SIDE = 72;

/** Faces in a row that wraps, each with what became of its label; long ones scroll in their own place. */
export function LabeledFaces({ label, children }: { label: string; children: ReactNode }): ReactElement {
  return (
    <ul className="labeled-faces" aria-label={label} tabIndex={0}>
      {children}
    </ul>
  );
}

interface LabeledFaceProps {
  readonly image: number;
  /** The label before; null where there was none. */
  readonly from: number | null;
  readonly to: number;
  /** Null where it is gone from the catalog. */
  readonly row: ImageRow | null;
  /** Says all of it in words. */
  readonly title: string;
}

export function LabeledFace({ image, from, to, row, title }: LabeledFaceProps): ReactElement {
  const labels = (
    <span className="labeled-face-labels" aria-hidden="true">
      {from !== to && (
        <>
          {from === null ? <span className="muted small">none</span> : <ClassLetter index={from} />}
          <span className="muted">→</span>
        </>
      )}
      <ClassLetter index={to} />
    </span>
  );
  if (row === null) {
    return (
      <li className="labeled-face" title={`${title}; gone from the catalog`}>
        <span className="labeled-face-picture face-missing" role="img" aria-label={`${title}; gone from the catalog`}>
          <Icon name="excluded" />
        </span>
        {labels}
      </li>
    );
  }
  return (
    <li>
      <Link to="/data" search={{ face: image }} className="labeled-face" aria-label={title} title={title}>
        <span className="labeled-face-picture">
          <FaceImage id={image} size={SIDE} alt="" />
        </span>
        {labels}
      </Link>
    </li>
  );
}
