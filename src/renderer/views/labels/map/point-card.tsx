import type { ReactElement } from 'react';
import { NO_CLASS } from '#shared/map.ts';
import { ClassMark } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { formatCount } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import type { Point, Size } from './camera.ts';
import type { Columns } from './columns.ts';

const SIDE = 96;
/** What the card takes, and how far it is from its point. */
const CARD: Size = { width: 148, height: 190 };
const APART = 12;

interface PointCardProps {
  readonly columns: Columns;
  readonly point: number;
  /** Where it is in the map's window. */
  readonly at: Point;
  readonly size: Size;
}

/** The face behind a point, beside it. */
export function PointCard({ columns, point, at, size }: PointCardProps): ReactElement {
  const id = columns.ids[point]!;
  const predicted = columns.predicted[point]!;
  const known = columns.known[point]!;
  const confidence = columns.confidences[point]!.toFixed(2);
  const left = at.x + APART + CARD.width > size.width ? at.x - APART - CARD.width : at.x + APART;
  const top = Math.max(0, Math.min(size.height - CARD.height, at.y - CARD.height / 2));
  return (
    <>
      <span className="map-ring" style={{ left: at.x, top: at.y }} />
      <div className="map-card" style={{ left, top, width: CARD.width }} aria-hidden="true">
        <span className="map-card-face" style={{ width: SIDE, height: SIDE }}>
          <FaceImage key={id} id={id} size={SIDE} alt="" />
        </span>
        <span className="row">
          <ClassMark index={predicted} />
          <span className="spacer" />
          <span className="number">{confidence}</span>
        </span>
        {known !== NO_CLASS && (
          <span className="small muted">
            {known === predicted ? 'as it is known' : `known as ${expressionAt(known).label}`}
          </span>
        )}
        <span className="small muted">
          face {formatCount(id)}
          {columns.decided[point] === 1 && ' · reviewed'}
          {columns.isLandmark[point] === 0 && ' · placed'}
        </span>
      </div>
      <span className="visually-hidden" role="status">
        {`Face ${id}, ${expressionAt(predicted).label} ${confidence}${known === NO_CLASS ? '' : `, known as ${expressionAt(known).label}`}`}
      </span>
    </>
  );
}
