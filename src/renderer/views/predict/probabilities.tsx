import type { ReactElement } from 'react';
import type { ImagePrediction } from '#shared/prediction.ts';
import { Button } from '../../components/button.tsx';
import { ClassMark } from '../../components/class-mark.tsx';
import { formatCount, formatShare } from '../../text/format.ts';
import { NETWORK_LABELS, classIndexOf, expressionAt } from '../../text/words.ts';

interface ProbabilitiesProps {
  readonly prediction: ImagePrediction;
  readonly run: string;
  readonly onAskAgain: () => void;
}

/** A bar a class, in the order classes have everywhere, and which network said so. */
export function Probabilities({ prediction, run, onAskAgain }: ProbabilitiesProps): ReactElement | null {
  const face = prediction.faces[0];
  if (face === undefined) return null;
  return (
    <div className="stack">
      <p className="predicted" role="status">
        {expressionAt(classIndexOf(face.class) ?? 0).label}{' '}
        <span className="muted">{formatShare(face.probability)}</span>
      </p>
      <ul className="probabilities">
        {Object.entries(face.probabilities).map(([name, probability]) => (
          <ProbabilityBar key={name} name={name} probability={probability} isTop={name === face.class} />
        ))}
      </ul>
      <div className="row">
        <p className="muted small">
          {NETWORK_LABELS[prediction.network]} network of {run}, step {formatCount(prediction.step)} ·{' '}
          {formatCount(prediction.milliseconds)} ms
        </p>
        <span className="spacer" />
        <Button kind="quiet" icon="refresh" onPress={onAskAgain}>
          Ask again
        </Button>
      </div>
    </div>
  );
}

interface ProbabilityBarProps {
  readonly name: string;
  readonly probability: number;
  readonly isTop: boolean;
}

function ProbabilityBar({ name, probability, isTop }: ProbabilityBarProps): ReactElement | null {
  const index = classIndexOf(name);
  if (index === undefined) return null;
  return (
    <li className={isTop ? 'probability probability-top' : 'probability'}>
      <ClassMark index={index} />
      <span className="probability-track">
        <span
          className="probability-fill"
          style={{ width: `${probability * 100}%`, backgroundColor: expressionAt(index).color }}
        />
      </span>
      <span className="number">{formatShare(probability)}</span>
    </li>
  );
}
