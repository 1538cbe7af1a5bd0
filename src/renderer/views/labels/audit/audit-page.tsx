import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { DEFAULT_CLASS_COUNT, EXPRESSIONS } from '#shared/expressions.ts';
import type { AuditAnswerRequest, AuditImage, AuditReport, ReviewAction } from '#shared/review.ts';
import { api } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Button } from '../../../components/button.tsx';
import { Progress } from '../../../components/progress.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount } from '../../../text/format.ts';
import { classIndexOf } from '../../../text/words.ts';
import { ActButton, FaceCanvas } from '../review/face-card.tsx';
import { loadPicture, newKey, outboxOf } from '../review/host.ts';
import { classOfAction } from '../review/keys.ts';
import type { KeptAct, Outbox } from '../review/outbox.ts';
import { LONGEST_LOOK_SECONDS } from '../review/pace.ts';
import { Waiting } from '../review/pace-line.tsx';
import { Pictures } from '../review/pictures.ts';
import { useReviewer } from '../review/reviewer.ts';
import { useKeySettings, useReviewKeys } from '../review/use-review-keys.ts';
import { AuditReportTable } from './audit-report.tsx';
import '../labels.css';
import '../review.css';

const route = getRouteApi('/labels/audits/$audit');

/** One blind audit: what do you see? The label is not told, here or anywhere before it is over. */
export function AuditPage(): ReactElement {
  const { audit: name } = route.useParams();
  const report = useQuery({ ...api.review.audit.queryOptions({ name }), staleTime: 0 });
  const next = useQuery({ ...api.review.auditNext.queryOptions({ name }), staleTime: 0 });
  const workspace = useQuery(api.system.workspace.queryOptions());
  return (
    <div className="round">
      <Loaded query={report} skeleton={<Skeleton height={96} />}>
        {(data) => (
          <>
            <AuditHead report={data} answered={next.data?.answered ?? data.answered} />
            {next.data === undefined || workspace.data === undefined ? (
              <Skeleton height={360} />
            ) : (
              <Judging key={name} report={data} next={next.data} outbox={outboxOf(workspace.data.directory)} />
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

function AuditHead({ report, answered }: { report: AuditReport; answered: number }): ReactElement {
  const { name, round, sampled, sentence, isEnough } = report;
  return (
    <section className="panel round-head">
      <div className="round-title">
        <h1 className="truncate">{name}</h1>
        <span className="muted">
          {formatCount(answered)} of {formatCount(sampled)} judged
        </span>
        <span className="spacer" />
        {round !== null && (
          <Link to="/labels/$round" params={{ round: String(round) }} className="button button-quiet">
            Back to the round
          </Link>
        )}
      </div>
      <Progress label="Judged" done={answered} total={sampled} />
      <p className={isEnough ? 'audit-sentence audit-enough' : 'audit-sentence'}>{sentence}</p>
    </section>
  );
}

interface JudgingProps {
  readonly report: AuditReport;
  /** Null when all are judged. */
  readonly next: AuditImage | null;
  readonly outbox: Outbox;
}

function Judging({ report, next, outbox }: JudgingProps): ReactElement {
  const { name } = report;
  const queryClient = useQueryClient();
  const reviewer = useReviewer();
  const keys = useKeySettings();
  const pictures = useMemo(() => new Pictures(loadPicture), []);
  const [sent, setSent] = useState<readonly { readonly key: string; readonly image: number }[]>([]);
  const [isZoomed, setZoomed] = useState(false);
  const shownAt = useRef(0);
  const image = next?.image;
  // An answer that is under way: its face must not be judged again.
  const isUnderWay = sent.some((answer) => answer.image === image);
  const classes = useClasses(report);

  useEffect(() => {
    shownAt.current = performance.now();
    if (image !== undefined) pictures.want([image]);
  }, [image, pictures]);
  useEffect(() => () => pictures.close(), [pictures]);
  useEffect(
    () =>
      outbox.onOutcome((outcome) => {
        void queryClient.invalidateQueries(api.review.auditNext.queryFilter({ name }));
        void queryClient.invalidateQueries(api.review.audit.queryFilter({ name }));
        void queryClient.invalidateQueries(api.review.audits.queryFilter());
        if ('refusal' in outcome) setSent((before) => before.filter(({ key }) => key !== outcome.key));
      }),
    [outbox, queryClient, name],
  );

  const say = (answer: AuditAnswerRequest['answer']): boolean => {
    if (image === undefined || isUnderWay) return false;
    const key = newKey();
    const seconds = Math.min(LONGEST_LOOK_SECONDS, (performance.now() - shownAt.current) / 1000);
    const request = { name, image, answer, seconds, key, ...(reviewer !== null && { reviewer }) };
    outbox.add({ kind: 'answer', key, request } as KeptAct);
    setSent((before) => [...before, { key, image }]);
    return true;
  };
  const undo = (): void => {
    const last = sent.at(-1);
    if (last === undefined) {
      notices.add({ level: 'info', message: 'There is nothing of this sitting to undo.' });
      return;
    }
    setSent((before) => before.slice(0, -1));
    if (outbox.withdraw(last.key)) return;
    outbox.add({
      kind: 'turn',
      key: newKey(),
      turn: 'undo',
      act: last.key,
      ...(reviewer !== null && { reviewer }),
    });
  };
  const act = (action: ReviewAction): boolean => {
    const label = classOfAction(action);
    if (label !== null) return label < classes.length && say(label);
    if (action === 'reject' || action === 'unsure') return say(action);
    if (action === 'undo') undo();
    else if (action === 'zoom') setZoomed((before) => !before);
    else return action === 'accept' || action === 'explain';
    return true;
  };
  useReviewKeys(keys, act);

  if (next === null) {
    return (
      <div className="audit-done">
        <AuditReportTable report={report} />
      </div>
    );
  }
  return (
    <div className="audit">
      <section
        className={isZoomed ? 'review-card review-card-zoomed' : 'review-card'}
        tabIndex={-1}
        aria-label="Face to judge"
      >
        <div className="review-face">
          {isUnderWay ? <Skeleton height={280} width="100%" /> : <FaceCanvas id={next.image} pictures={pictures} />}
        </div>
        <div className="judged">
          <span className="blind">The label is hidden. What do you see?</span>
          <span className="spacer" />
          <Waiting outbox={outbox} />
        </div>
        <div className="review-buttons">
          <div className="review-classes" role="group" aria-label="It shows">
            {classes.map(({ name: action, label }, index) => (
              <ActButton
                key={action}
                action={action}
                label={label}
                letter={index}
                keyName={keys[action]}
                isPressed={false}
                onAct={act}
              />
            ))}
          </div>
          <div className="review-acts" role="group" aria-label="Or">
            {(['reject', 'unsure', 'undo', 'zoom'] as const).map((action) => (
              <ActButton
                key={action}
                action={action}
                label={ACT_LABELS[action]}
                letter={null}
                keyName={keys[action]}
                isPressed={false}
                onAct={act}
              />
            ))}
          </div>
        </div>
      </section>
      <aside className="why" aria-label="Report">
        <HiddenReport report={report} />
      </aside>
    </div>
  );
}

/** The classes one may say: those of the round, or, of labels that images have, those there are. */
function useClasses({ round: id, perClass }: AuditReport): readonly (typeof EXPRESSIONS)[number][] {
  const round = useQuery({ ...api.rounds.get.queryOptions({ id: id ?? 0 }), enabled: id !== null });
  const highest = Math.max(...perClass.map(({ name }) => classIndexOf(name) ?? 0));
  return EXPRESSIONS.slice(0, round.data?.classes.length ?? Math.max(DEFAULT_CLASS_COUNT, highest + 1));
}

const ACT_LABELS = { reject: 'No use', unsure: 'Cannot tell', undo: 'Undo', zoom: 'Zoom' } as const;

/** Knowing how the labels did so far would sway what is seen: the report is asked for. */
function HiddenReport({ report }: { report: AuditReport }): ReactElement {
  const [isShown, setShown] = useState(false);
  if (isShown) return <AuditReportTable report={report} />;
  return (
    <Empty
      icon="labels"
      title="The report waits"
      action={<Button onPress={() => setShown(true)}>Show it so far</Button>}
    >
      To know how the labels did so far may sway what you see. It is shown by itself when all are judged.
    </Empty>
  );
}
