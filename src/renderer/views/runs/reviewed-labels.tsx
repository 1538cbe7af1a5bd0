import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import type { ReviewedLabelPage } from '#shared/label-changes.ts';
import { REVIEWED_PARTS, type ReviewedPart, type ReviewedUse } from '#shared/reviewed-use.ts';
import type { RunDetail } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';
import { Button } from '../../components/button.tsx';
import { ErrorNote, Skeleton } from '../../components/states.tsx';
import { formatCount, plural } from '../../text/format.ts';
import { expressionAt } from '../../text/words.ts';
import { LabeledFace, LabeledFaces } from './labeled-faces.tsx';
import { Segments } from './segments.tsx';

const PAGE = 100;

const PART_LABELS: Readonly<Record<ReviewedPart, string>> = { labeled: 'Labeled set', validation: 'Validation' };

/** Which labels a person had given or confirmed when the run started: exactly those it used. */
export function ReviewedLabels({ run: { id, reviewed } }: { run: RunDetail }): ReactElement {
  const parts = REVIEWED_PARTS.filter((part) => reviewed !== null && reviewed[part].images > 0);
  const [asked, setAsked] = useState<ReviewedPart | null>(null);
  const part = asked ?? parts[0];
  return (
    <section className="panel stack">
      <div className="row">
        <h2>Reviewed labels it used</h2>
        <span className="spacer" />
        {part !== undefined && parts.length > 1 && (
          <Segments
            label="Of"
            shown={part}
            options={parts.map((value) => ({ value, label: PART_LABELS[value] }))}
            onShow={setAsked}
          />
        )}
      </div>
      {reviewed === null || part === undefined ? (
        <p className="muted">None of its labels was reviewed when it started.</p>
      ) : (
        <>
          <p>{usedText(reviewed, part)}</p>
          <Faces run={id} part={part} />
        </>
      )}
    </section>
  );
}

function usedText({ upTo, reviewers, ...parts }: ReviewedUse, part: ReviewedPart): string {
  const { images, relabeled } = parts[part];
  const kinds = `${plural(images, 'label')} of the ${PART_LABELS[part].toLowerCase()}: ${formatCount(images - relabeled)} confirmed, ${formatCount(relabeled)} corrected`;
  return `${kinds}, by ${reviewers.join(', ')}, up to decision ${formatCount(upTo)}.`;
}

function Faces({ run, part }: { run: string; part: ReviewedPart }): ReactElement {
  const input = { id: run, part, limit: PAGE };
  const pages = useInfiniteQuery({
    queryKey: [...api.runs.reviewedLabels.pathKey(), { input, type: 'infinite' }],
    queryFn: ({ pageParam, signal }) =>
      client.runs.reviewedLabels.query({ ...input, afterImage: pageParam }, { signal }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.nextAfterImage,
  });
  if (pages.isPending) return <Skeleton height={110} />;
  if (pages.error !== null) return <ErrorNote error={pages.error} onRetry={() => void pages.refetch()} />;
  return (
    <>
      <LabeledFaces label="Faces with reviewed labels">
        {pages.data.pages.flatMap(({ labels }) =>
          labels.map((used) => <LabeledFace key={used.image} {...used} to={used.label} title={titleOf(used)} />),
        )}
      </LabeledFaces>
      {pages.hasNextPage && (
        <Button isPending={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
          Show more faces
        </Button>
      )}
    </>
  );
}

function titleOf({ image, from, label, reviewer, batch }: ReviewedLabelPage['labels'][number]): string {
  const what =
    from === label
      ? `${expressionAt(label).label} confirmed`
      : `${from === null ? 'no label' : expressionAt(from).label} corrected to ${expressionAt(label).label}`;
  return `Face ${image}: ${what} by ${reviewer}, decision ${batch}`;
}
