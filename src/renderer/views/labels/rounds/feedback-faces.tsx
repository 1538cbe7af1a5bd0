import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { FeedbackBatch } from '#shared/rounds.ts';
import { api } from '../../../api/client.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatRate } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import '../comparisons.css';

const SIDE = 72;

/** The batch behind a step of strong feedback, face by face. */
export function FeedbackFaces({ run, step }: { run: string; step: number }): ReactElement {
  const batch = useQuery(api.rounds.feedbackBatch.queryOptions({ run, step }));
  return (
    <Loaded query={batch} skeleton={<Skeleton height={240} />}>
      {(data) => (
        <>
          <h2>
            Step {formatCount(data.step)}, feedback {formatRate(data.feedback)}
          </h2>
          <h3>Labeled faces, with their labels</h3>
          <ul className="flip-faces">
            {data.labeled.map((face, index) => (
              <BatchFace key={`${face.id}-${index}`} face={face} label={face.image?.label ?? null} what="label" />
            ))}
          </ul>
          <h3>Unlabeled faces, with what the base network took them for</h3>
          <ul className="flip-faces">
            {data.unlabeled.map((face, index) => (
              <BatchFace key={`${face.id}-${index}`} face={face} label={face.weakLabel} what="pseudo label" />
            ))}
          </ul>
        </>
      )}
    </Loaded>
  );
}

interface BatchFaceProps {
  readonly face: FeedbackBatch['labeled'][number];
  readonly label: number | null;
  readonly what: string;
}

function BatchFace({ face: { id, image }, label, what }: BatchFaceProps): ReactElement {
  if (image === null) {
    return (
      <li>
        <span className="flip-face face-missing" title={`Image ${id} is gone from the catalog.`}>
          <Icon name="excluded" />
        </span>
      </li>
    );
  }
  const text = `Face ${id}${label === null ? '' : `, ${what} ${expressionAt(label).label}`}`;
  return (
    <li>
      <Link to="/data" search={{ face: id }} className="flip-face" aria-label={text} title={text}>
        <FaceImage id={id} size={SIDE} alt="" />
        {label !== null && <ClassLetter index={label} />}
      </Link>
    </li>
  );
}
