import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { FeedbackBatch, FeedbackExtreme } from '#shared/rounds.ts';
import type { RunSummary } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { ClassLetter } from '../../../components/class-mark.tsx';
import { FaceImage } from '../../../components/face-image.tsx';
import { Choice } from '../../../components/fields.tsx';
import { Icon } from '../../../components/icon.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount, formatRate } from '../../../text/format.ts';
import { expressionAt } from '../../../text/words.ts';

const route = getRouteApi('/labels/feedback');
const SIDE = 72;

/** Steps of a run where pseudo labels helped or harmed most, and the batch behind each. */
export function Feedback(): ReactElement {
  const runs = useQuery(api.runs.list.queryOptions());
  return (
    <Loaded query={runs} skeleton={<Skeleton height={320} />}>
      {(list) =>
        list.length === 0 ? (
          <section className="panel">
            <Empty icon="runs" title="No runs yet" action={<Link to="/runs/new">Start a run</Link>}>
              While a run trains, the steps with the strongest feedback are kept with their batches.
            </Empty>
          </section>
        ) : (
          <FeedbackOf runs={list} />
        )
      }
    </Loaded>
  );
}

function FeedbackOf({ runs }: { runs: readonly RunSummary[] }): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const run = runs.find(({ id }) => id === search.run) ?? runs[0]!;
  const extremes = useQuery(api.rounds.feedbackExtremes.queryOptions({ run: run.id }));
  return (
    <>
      <div className="flips-head">
        <Choice
          label="Run"
          value={run.id}
          options={runs.map(({ id, name, step }) => ({ value: id, label: name, note: `step ${formatCount(step)}` }))}
          onChange={(id) => void navigate({ search: { run: id }, replace: true })}
        />
        <p className="muted small">
          Feedback is the labeled loss before a step minus after it: above 0, the pseudo labels of the batch helped.
        </p>
      </div>
      <Loaded query={extremes} skeleton={<Skeleton height={320} />}>
        {(list) =>
          list.length === 0 ? (
            <section className="panel">
              <Empty icon="runs" title="This run kept no feedback">
                Only runs of Meta-Face2Exp with feedback have it, from their first steps on.
              </Empty>
            </section>
          ) : (
            <div className="flips feedback">
              <Extremes
                list={list}
                shown={search.step}
                onChoose={(step) => void navigate({ search: { run: run.id, step }, replace: true, resetScroll: false })}
              />
              <section className="panel flips-faces" aria-label="Batch">
                {search.step === undefined ? (
                  <Empty icon="data" title="Choose a step">
                    The labeled and unlabeled faces of its batch are here.
                  </Empty>
                ) : (
                  <Batch run={run.id} step={search.step} />
                )}
              </section>
            </div>
          )
        }
      </Loaded>
    </>
  );
}

interface ExtremesProps {
  readonly list: readonly FeedbackExtreme[];
  readonly shown: number | undefined;
  readonly onChoose: (step: number) => void;
}

/** The strongest help first, the strongest harm last. */
function Extremes({ list, shown, onChoose }: ExtremesProps): ReactElement {
  const sorted = list.toSorted((one, other) => other.feedback - one.feedback);
  const largest = Math.max(...list.map(({ feedback }) => Math.abs(feedback)), Number.EPSILON);
  return (
    <section className="panel">
      <ul className="extremes" aria-label="Steps by their feedback">
        {sorted.map(({ step, feedback }) => (
          <li key={step}>
            <AriaButton
              className={step === shown ? 'queue queue-shown extreme' : 'queue extreme'}
              aria-pressed={step === shown}
              onPress={() => onChoose(step)}
            >
              <span>step {formatCount(step)}</span>
              <span className={feedback < 0 ? 'extreme-bar extreme-harm' : 'extreme-bar'}>
                <span style={{ width: `${(Math.abs(feedback) / largest) * 50}%` }} />
              </span>
              <span className="number">{feedback < 0 ? `−${formatRate(-feedback)}` : `+${formatRate(feedback)}`}</span>
            </AriaButton>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Batch({ run, step }: { run: string; step: number }): ReactElement {
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
