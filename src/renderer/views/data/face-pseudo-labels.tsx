import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { PseudoLabel } from '#shared/rounds.ts';
import { api } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { PseudoLetter } from '../../components/class-mark.tsx';
import { formatShare } from '../../text/format.ts';
import { expressionAt } from '../../text/words.ts';
import './face-pseudo-labels.css';

/** Rounds shown at first: automatic rounds of a run may be many. */
const FIRST = 6;

interface FacePseudoLabelsProps {
  readonly id: number;
  /** The face's own; null without one. */
  readonly label: number | null;
}

/** What each round that holds a face said of it, the newest first. */
export function FacePseudoLabels({ id, label }: FacePseudoLabelsProps): ReactElement | null {
  const { round } = useSearch({ from: '/data/' });
  const timeline = useQuery(api.rounds.timeline.queryOptions({ image: id }));
  const [showsAll, setShowsAll] = useState(false);
  const said = (timeline.data ?? []).toReversed();
  if (said.length === 0) return null;
  const isLooked = (one: PseudoLabel): boolean => round === one.round || round === one.name;
  const shown = showsAll ? said : said.filter((one, index) => index < FIRST || isLooked(one));
  return (
    <section className="details-part">
      <h3>Pseudo labels</h3>
      <ul className="pseudo-labels">
        {shown.map((one) => (
          <li key={one.round} className={isLooked(one) ? 'pseudo-labels-looked' : undefined}>
            <PseudoLetter index={one.label} confidence={one.confidence} />
            <span className="truncate" title={marginWords(one)}>
              {expressionAt(one.label).label}
              {label !== null && label !== one.label && <span className="pseudo-labels-unlike"> ≠ label</span>}
            </span>
            <span className="vote-track">
              <span
                className="vote-bar"
                style={{ width: `${one.confidence * 100}%`, backgroundColor: expressionAt(one.label).color }}
              />
            </span>
            <span className="number">{formatShare(one.confidence)}</span>
            <Link to="/labels/$round" params={{ round: String(one.round) }} className="truncate pseudo-labels-round">
              {one.name}
            </Link>
          </li>
        ))}
      </ul>
      {shown.length < said.length && (
        <Button kind="quiet" onPress={() => setShowsAll(true)}>
          {`All ${said.length} rounds`}
        </Button>
      )}
    </section>
  );
}

const marginWords = ({ margin }: PseudoLabel): string => `The next class is ${formatShare(margin)} behind`;
