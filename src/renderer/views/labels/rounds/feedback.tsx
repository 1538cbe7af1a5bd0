import { useQuery } from '@tanstack/react-query';
import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import type { FeedbackExtreme } from '#shared/rounds.ts';
import type { RunSummary } from '#shared/training.ts';
import { api } from '../../../api/client.ts';
import { Choice } from '../../../components/fields.tsx';
import { Empty, Loaded, Skeleton } from '../../../components/states.tsx';
import { formatCount } from '../../../text/format.ts';
import { FeedbackFaces } from './feedback-faces.tsx';

const route = getRouteApi('/labels/feedback');

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
          list.every(({ feedback }) => feedback === 0) ? (
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
                  <FeedbackFaces run={run.id} step={search.step} />
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
  const largest = Math.max(...list.map(({ feedback }) => Math.abs(feedback)));
  // Three digits of the largest, and as many decimals for all: they stand below each other.
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(largest)));
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
              <span className="number">{`${feedback < 0 ? '−' : '+'}${Math.abs(feedback).toFixed(decimals)}`}</span>
            </AriaButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
