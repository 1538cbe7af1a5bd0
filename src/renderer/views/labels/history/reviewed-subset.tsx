import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { REVIEW_WEIGHTS, type ReviewWeight } from '#shared/review-use.ts';
import type { Round } from '#shared/rounds.ts';
import { api, client } from '../../../api/client.ts';
import { notices } from '../../../api/notices.ts';
import { Choice, NumberInput, TextInput, Toggle } from '../../../components/fields.tsx';
import { FormPopover } from '../../../components/form-popover.tsx';
import { formatCount, plural } from '../../../text/format.ts';
import './reviewed-subset.css';

const NONE = '';

/** Makes a frozen subset of what was reviewed, for the next run. */
export function ReviewedSubset({ round }: { round?: Round }): ReactElement {
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [base, setBase] = useState(NONE);
  const [addUnlabeled, setAddUnlabeled] = useState(true);
  const [onlyRound, setOnlyRound] = useState(true);
  const [dropUnsure, setDropUnsure] = useState(false);
  const [excludeRejected, setExcludeRejected] = useState(false);
  const [weights, setWeights] = useState<Weights>({});
  return (
    <FormPopover
      label="Make a subset"
      title="A subset of what was reviewed"
      submitLabel="Make the subset"
      canSubmit={name.trim() !== '' && Object.values(weights).every((weight) => Number.isFinite(weight))}
      onSubmit={async () => {
        const made = await client.review.subset.mutate({
          name: name.trim(),
          ...(base !== NONE && { base }),
          addUnlabeled,
          ...(round !== undefined && onlyRound && { round: round.id }),
          dropUnsure,
          excludeRejected,
          weights,
        });
        const { subset, relabeled, added, leftOut } = made;
        notices.add({
          level: 'info',
          message: `${subset.name}@${subset.version} holds ${plural(subset.total, 'face')}: ${formatCount(added)} added, ${formatCount(relabeled)} relabeled, ${formatCount(leftOut)} left out.`,
          action: { label: 'Open', run: () => void navigate({ to: '/data/subsets' }) },
        });
      }}
    >
      <TextInput label="Name" value={name} onChange={setName} />
      <Base value={base} onChange={setBase} />
      <Toggle label="Add unlabeled faces that were given a label" value={addUnlabeled} onChange={setAddUnlabeled} />
      {round !== undefined && addUnlabeled && (
        <Toggle label={`Only those decided in “${round.name}”`} value={onlyRound} onChange={setOnlyRound} />
      )}
      <Toggle label="Leave out what reviewers were unsure of" value={dropUnsure} onChange={setDropUnsure} />
      <Toggle
        label="Exclude rejected faces from the catalog"
        description="So that no source holds them; the log of exclusions takes it back."
        value={excludeRejected}
        onChange={setExcludeRejected}
      />
      <WeightFields weights={weights} onChange={setWeights} dropsUnsure={dropUnsure} />
    </FormPopover>
  );
}

type Weights = Partial<Record<ReviewWeight, number>>;

const WEIGHT_LABELS: Readonly<Record<ReviewWeight, string>> = {
  reviewed: 'Accepted or corrected by a person',
  unreviewed: 'Looked at by nobody',
  unsure: 'Unsure',
  added: 'Added with a reviewed pseudo label',
};

/** What faces count for when a run learns from them. */
function WeightFields({
  weights,
  onChange,
  dropsUnsure,
}: {
  weights: Weights;
  onChange: (weights: Weights) => void;
  dropsUnsure: boolean;
}): ReactElement {
  const shown = REVIEW_WEIGHTS.filter((known) => known !== 'unsure' || !dropsUnsure);
  return (
    <fieldset className="weight-fields">
      <legend className="field-label">Weight in training, 1 for all alike</legend>
      {shown.map((known) => (
        <NumberInput
          key={known}
          label={WEIGHT_LABELS[known]}
          value={weights[known] ?? 1}
          minimum={0.001}
          maximum={1000}
          onChange={(weight) => onChange({ ...weights, [known]: weight })}
        />
      ))}
    </fieldset>
  );
}

/** Asked for when the form is opened: while faces are decided it would be asked for at each of them. */
function Base({ value, onChange }: { value: string; onChange: (base: string) => void }): ReactElement {
  const subsets = useQuery(api.subsets.list.queryOptions());
  const stats = useQuery(api.catalog.stats.queryOptions());
  const labeled = (stats.data?.sources ?? []).filter((source) => source.labeled > 0);
  const bases = [
    { value: NONE, label: 'Nothing: the reviewed faces alone' },
    ...(subsets.data ?? []).map((subset) => ({
      value: `${subset.name}@${subset.version}`,
      label: `${subset.name}@${subset.version}`,
      note: formatCount(subset.total),
    })),
    ...labeled.map((source) => ({ value: source.name, label: `Training faces of ${source.name}`, note: '' })),
  ];
  return <Choice label="Begin from" value={value} options={bases} onChange={onChange} />;
}
