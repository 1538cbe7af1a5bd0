import { Link, getRouteApi } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import type { EvaluationRecord } from '#shared/evaluation.ts';
import { Empty, Loaded, Skeleton } from '../../components/states.tsx';
import { Ago } from '../../components/time.tsx';
import { formatCount } from '../../text/format.ts';
import { NETWORK_LABELS } from '../../text/words.ts';
import { useModels } from '../predict/model-choice.tsx';
import { EvaluationForm } from './evaluation-form.tsx';
import { Report } from './report.tsx';
import type { EvaluateSearch } from './search.ts';
import { useEvaluations } from './use-evaluations.ts';
import { nameOfRecord } from './words.ts';
import './evaluate.css';

const route = getRouteApi('/evaluate');

/** How good a network is on a split: how sure that is, where it errs, and whether another is better. */
export function Evaluate(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { query, model } = useModels(search);
  const evaluations = useEvaluations();
  const change = (part: Partial<EvaluateSearch>): void =>
    void navigate({ search: (previous) => ({ ...previous, ...part }) });
  const show = (id: string): void =>
    change({ id, label: undefined, predicted: undefined, ...(id === search.against && { against: undefined }) });
  return (
    <div className="place">
      <h1 className="visually-hidden">Evaluate</h1>
      <Loaded query={query} skeleton={<Skeleton height={96} />}>
        {({ runs, imported }) =>
          model.run === undefined && model.checkpoint === undefined ? (
            <NoNetwork />
          ) : (
            <>
              <EvaluationForm
                runs={runs}
                imported={imported}
                model={model}
                search={search}
                onChange={change}
                onEvaluated={show}
              />
              <Loaded query={evaluations} skeleton={<Skeleton height={420} />}>
                {(records) => {
                  const shown = records.find(({ id }) => id === search.id) ?? records[0];
                  return shown === undefined ? (
                    <section className="panel">
                      <Empty icon="evaluate" title="Nothing evaluated yet">
                        Choose a model and a split above. What a network says about each image is kept, so that
                        everything here can be looked at again without asking it twice.
                      </Empty>
                    </section>
                  ) : (
                    <div className="evaluate">
                      <Kept records={records} shown={shown} search={search} />
                      <Report key={shown.id} record={shown} records={records} search={search} onChange={change} />
                    </div>
                  );
                }}
              </Loaded>
            </>
          )
        }
      </Loaded>
    </div>
  );
}

function NoNetwork(): ReactElement {
  return (
    <Empty icon="evaluate" title="No trained network yet" action={<Link to="/runs/new">Start a run</Link>}>
      Once a run has reached its first evaluation, its networks can be scored here on any split. A checkpoint of another
      program opens with <code>checkpoint import</code>.
    </Empty>
  );
}

interface KeptProps {
  readonly records: readonly EvaluationRecord[];
  readonly shown: EvaluationRecord;
  readonly search: EvaluateSearch;
}

function Kept({ records, shown, search }: KeptProps): ReactElement {
  return (
    <nav className="panel kept" aria-label="Evaluations">
      <h2>Evaluations</h2>
      <ul>
        {records.map((record) => (
          <li key={record.id}>
            <Link
              to="/evaluate"
              search={{ ...search, id: record.id, label: undefined, predicted: undefined }}
              className={record.id === shown.id ? 'kept-link kept-shown' : 'kept-link'}
              aria-current={record.id === shown.id ? 'page' : undefined}
            >
              <span className="kept-name truncate">{nameOfRecord(record)}</span>
              <span className="kept-facts">
                {NETWORK_LABELS[record.network]} · {record.split} · step {formatCount(record.step)}
              </span>
              <span className="kept-facts">
                <Ago at={record.createdAt} />
                {Object.keys(record.map).length > 0 && ' · classes mapped'}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
