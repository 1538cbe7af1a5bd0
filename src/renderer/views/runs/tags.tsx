import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactElement, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { type RunSummary, tagSchema } from '#shared/training.ts';
import { api, client } from '../../api/client.ts';
import { SuggestedInput } from '../../components/fields.tsx';
import { FormPopover } from '../../components/form-popover.tsx';
import { Icon } from '../../components/icon.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { textOfIds } from './search.ts';
import { tagCounts } from './tag-counts.ts';
import './tags.css';

/** A run's tags; each leads to the runs that have it too. */
export function TagLinks({ tags }: { tags: readonly string[] }): ReactElement | null {
  if (tags.length === 0) return null;
  return (
    <ul className="tags" aria-label="Tags">
      {tags.map((tag) => (
        <li key={tag}>
          <Link to="/runs" search={{ tags: textOfIds([tag]) }} className="tag" title={`All runs tagged ${tag}`}>
            {tag}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** A run's tags, to be taken away and given. */
export function TagEditor({ run: { id, tags } }: { run: RunSummary }): ReactElement {
  const remove = useMutation({ mutationFn: (tag: string) => client.runs.tag.mutate({ id, remove: [tag] }) });
  return (
    <div className="row tag-editor">
      <ul className="tags" aria-label="Tags">
        {tags.map((tag) => (
          <li key={tag} className="tag tag-own">
            <Link to="/runs" search={{ tags: textOfIds([tag]) }} title={`All runs tagged ${tag}`}>
              {tag}
            </Link>
            <AriaButton
              className="tag-remove"
              aria-label={`Take the tag ${tag} away`}
              onPress={() => remove.mutate(tag)}
            >
              <Icon name="close" size={12} />
            </AriaButton>
          </li>
        ))}
      </ul>
      <AddTag id={id} tags={tags} />
      {remove.error !== null && <ErrorNote error={remove.error} />}
    </div>
  );
}

function AddTag({ id, tags }: { id: string; tags: readonly string[] }): ReactElement {
  const [tag, setTag] = useState('');
  const runs = useQuery(api.runs.list.queryOptions());
  const known = tagCounts(runs.data ?? []).map(([name]) => name);
  return (
    <FormPopover
      label="Add a tag"
      icon="plus"
      kind="quiet"
      title="Add a tag"
      submitLabel="Add"
      canSubmit={tagSchema.safeParse(tag).success}
      onSubmit={async () => {
        await client.runs.tag.mutate({ id, add: [tag] });
        setTag('');
      }}
    >
      <SuggestedInput
        label="Tag"
        description="To find runs by: up to 40 characters, no comma."
        value={tag}
        onChange={setTag}
        suggestions={known.filter((name) => !tags.includes(name))}
      />
    </FormPopover>
  );
}

interface TagFilterProps {
  readonly runs: readonly RunSummary[];
  readonly wanted: readonly string[];
  readonly onChange: (wanted: readonly string[]) => void;
}

/** Narrows the list to runs that have all tags which are pressed. */
export function TagFilter({ runs, wanted, onChange }: TagFilterProps): ReactElement | null {
  const counts = tagCounts(runs);
  // A tag of an address that no run has any more can still be let go.
  const gone = wanted.filter((tag) => counts.every(([known]) => known !== tag)).map((tag) => [tag, 0] as const);
  const all = [...counts, ...gone];
  if (all.length === 0) return null;
  return (
    <div className="tags" role="group" aria-label="Only runs tagged">
      {all.map(([tag, count]) => {
        const isWanted = wanted.includes(tag);
        return (
          <AriaButton
            key={tag}
            className={isWanted ? 'tag tag-wanted' : 'tag'}
            aria-pressed={isWanted}
            onPress={() => onChange(isWanted ? wanted.filter((other) => other !== tag) : [...wanted, tag])}
          >
            {tag} <span className="tag-number">{count}</span>
          </AriaButton>
        );
      })}
    </div>
  );
}
