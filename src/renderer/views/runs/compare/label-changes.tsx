import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { ChangedLabel, FixedChanges, LabelChanges as Changes, RoundChanges } from '#shared/label-changes.ts';
import { api } from '../../../api/client.ts';
import { Choice } from '../../../components/fields.tsx';
import { Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatShare, plural } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';
import { LabelMatrix } from '../../labels/rounds/label-matrix.tsx';
import { LabeledFace, LabeledFaces } from '../labeled-faces.tsx';
import type { ComparedRun } from './overlay.ts';
import { RunNumber } from './run-mark.tsx';

const route = getRouteApi('/runs/compare');

/** The first run against one of the others by their labels: those they gave to unlabeled faces, and those they were given. */
export function LabelChanges({ runs }: { runs: readonly ComparedRun[] }): ReactElement | null {
  const { labels } = route.useSearch();
  const navigate = route.useNavigate();
  const [first, ...others] = runs;
  const second = others.find(({ run }) => run.id === labels) ?? others[0];
  const request = { first: first?.run.id ?? '', second: second?.run.id ?? '' };
  const changes = useQuery({
    ...api.runs.labelChanges.queryOptions(request),
    enabled: first !== undefined && second !== undefined,
  });
  if (first === undefined || second === undefined) return null;
  return (
    <section className="panel stack">
      <div className="row">
        <h2>
          Labels, from <RunNumber of={first} /> {first.label} to <RunNumber of={second} /> {second.label}
        </h2>
        <span className="spacer" />
        {others.length > 1 && (
          <Choice
            label={`${first.label} to`}
            value={second.run.id}
            options={others.map(({ run, label }) => ({ value: run.id, label }))}
            onChange={(id) =>
              void navigate({ search: (before) => ({ ...before, labels: id }), replace: true, resetScroll: false })
            }
          />
        )}
      </div>
      <Loaded query={changes} skeleton={<Skeleton height={280} />}>
        {(data) => <BothChanges changes={data} />}
      </Loaded>
    </section>
  );
}

function BothChanges({ changes: { rounds, fixed } }: { changes: Changes }): ReactElement {
  return (
    <div className="label-changes">
      {rounds.length === 0 && (
        <section className="stack">
          <h3>Labels they gave</h3>
          <p className="muted">
            They have no rounds of pseudo labels over the same source. Label one with both networks to see how their
            labels differ.
          </p>
          <p>
            <Link to="/labels">Make rounds</Link>
          </p>
        </section>
      )}
      {rounds.map((round) => (
        <RoundFlips key={round.source} round={round} />
      ))}
      <FixedLabels fixed={fixed} />
    </div>
  );
}

/** The newest rounds of both; a cell leads to its faces. */
function RoundFlips({ round: { source, from, to, flips } }: { round: RoundChanges }): ReactElement {
  const navigate = useNavigate();
  const { compared, changed, onlyFrom, onlyTo, matrix } = flips;
  return (
    <section className="stack">
      <h3>Labels they gave to {source}</h3>
      <p>
        <strong>{formatCount(changed)}</strong> of {formatCount(compared)} labels differ (
        {formatShare(compared === 0 ? 0 : changed / compared)}).
        {onlyFrom + onlyTo > 0 && (
          <span className="muted"> {plural(onlyFrom + onlyTo, 'face')} in one of the rounds only.</span>
        )}
      </p>
      <p className="muted small">
        From “{from.name}” to “{to.name}”.
      </p>
      <div className="table-scroll" role="region" aria-label={`Labels of ${source}`} tabIndex={0}>
        <LabelMatrix
          matrix={matrix}
          was={undefined}
          is={undefined}
          onChoose={(was, is) => void navigate({ to: '/labels/flips', search: { from: from.id, to: to.id, was, is } })}
        />
      </div>
      <p>
        <Link to="/labels/flips" search={{ from: from.id, to: to.id }}>
          These rounds in flips
        </Link>
      </p>
    </section>
  );
}

/** The labels both were given to learn from; a cell shows its faces here. */
function FixedLabels({ fixed }: { fixed: FixedChanges }): ReactElement {
  const [cell, setCell] = useState<readonly [was: number, is: number] | null>(null);
  const { from, to, both, onlyFrom, onlyTo, changed, decided, matrix, images } = fixed;
  const shown = images.filter((image) => cell === null || (image.from === cell[0] && image.to === cell[1]));
  const wanted = cell === null ? changed : (matrix[cell[0]]?.[cell[1]] ?? 0);
  return (
    <section className="stack">
      <h3>Labels they were given</h3>
      <p>
        <strong>{formatCount(changed)}</strong> of {formatCount(both)} labels differ
        {changed > 0 && <>; {decided === changed ? 'all' : formatCount(decided)} of them by decisions of a reviewer</>}.
        {onlyFrom + onlyTo > 0 && (
          <span className="muted">
            {' '}
            {plural(onlyFrom, 'face')} of the first set only, {plural(onlyTo, 'face')} of the second.
          </span>
        )}
      </p>
      <p className="muted small">
        From {from.labeled}, {formatCount(from.images)} faces, to {to.labeled}, {formatCount(to.images)}.
      </p>
      {changed > 0 && (
        <>
          <div className="table-scroll" role="region" aria-label="Labels they were given" tabIndex={0}>
            <LabelMatrix
              matrix={matrix}
              was={cell?.[0]}
              is={cell?.[1]}
              onChoose={(was, is) => setCell(was === undefined || is === undefined ? null : [was, is])}
            />
          </div>
          <h4>
            {cell === null ? 'All that differ' : `${expressionAt(cell[0]).label} → ${expressionAt(cell[1]).label}`}
            {shown.length < wanted && `, the first ${formatCount(shown.length)} of ${formatCount(wanted)}`}
          </h4>
          <LabeledFaces label="Faces whose label differs">
            {shown.map((image) => (
              <LabeledFace key={image.image} {...image} title={titleOf(image)} />
            ))}
          </LabeledFaces>
        </>
      )}
    </section>
  );
}

function titleOf({ image, from, to, decision }: ChangedLabel): string {
  const labels = `Face ${image}: ${expressionAt(from).label}, now ${expressionAt(to).label}`;
  return decision === null ? labels : `${labels}, decided by ${decision.reviewer}`;
}
