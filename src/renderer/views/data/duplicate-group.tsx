import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import type { DuplicateGroup } from '#shared/analysis.ts';
import type { ImageRow } from '#shared/catalog.ts';
import { api } from '../../api/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { ClassLetter } from '../../components/class-mark.tsx';
import { FaceImage } from '../../components/face-image.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { SPLIT_LABELS, expressionAt } from '../../text/words.ts';
import { setExcluded } from './undo.ts';
import './duplicate-group.css';

const SIDE = 96;
/** Shown at most when all of a group are asked for. */
const MOST_SHOWN = 500;

/** One group of copies, side by side: where they differ stands under each. */
export function DuplicateGroupCard({ group }: { group: DuplicateGroup }): ReactElement {
  const [showsAll, setShowsAll] = useState(false);
  const members = useQuery(
    api.catalog.duplicateMembers.queryOptions({ group: group.id, limit: MOST_SHOWN }, { enabled: showsAll }),
  );
  const rows = showsAll ? (members.data?.rows ?? group.members) : group.members;
  const left = group.size - rows.length;
  return (
    <li className="group">
      <div className="row">
        <strong>{plural(group.size, 'face')}</strong>
        {group.isCrossing && <span className="badge badge-warning">Across splits</span>}
        {group.isContradicting && <span className="badge badge-warning">Other label</span>}
      </div>
      <div className="group-faces">
        {rows.map((row) => (
          <Member key={row.id} row={row} />
        ))}
        {left > 0 && !showsAll && (
          <Button kind="quiet" onPress={() => setShowsAll(true)}>
            Show {formatCount(left)} more
          </Button>
        )}
      </div>
      {members.error !== null && <ErrorNote error={members.error} onRetry={() => void members.refetch()} />}
    </li>
  );
}

function Member({ row }: { row: ImageRow }): ReactElement {
  const label = row.label === null ? 'Unlabeled' : expressionAt(row.label).label;
  return (
    <figure className="member">
      <Link
        to="/data"
        search={{ face: row.id }}
        className="member-face"
        aria-label={`Face ${row.id}, ${label}, ${SPLIT_LABELS[row.split]}: show in the grid`}
      >
        <FaceImage id={row.id} size={SIDE} alt="" />
      </Link>
      <figcaption title={row.path}>
        <span className="row member-label">
          {row.label !== null && <ClassLetter index={row.label} />}
          <span className="truncate">{label}</span>
        </span>
        <span className="muted truncate">
          {SPLIT_LABELS[row.split]} · {row.source}
        </span>
      </figcaption>
      <span className="member-exclude">
        <IconButton
          icon="excluded"
          label={`Exclude face ${row.id}`}
          onPress={() => void setExcluded({ ids: [row.id] }, true, 'duplicate')}
        />
      </span>
    </figure>
  );
}
