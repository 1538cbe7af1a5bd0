import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { Button as AriaButton, Dialog, DialogTrigger, Form, Popover } from 'react-aria-components';
import { api, queryClient } from '../../api/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { TextInput } from '../../components/fields.tsx';
import { ErrorNote } from '../../components/states.tsx';
import { type DataSearch, dataSearchSchema } from './search.ts';
import './saved-views.css';

interface SavedViewsProps {
  readonly search: DataSearch;
  readonly onOpen: (search: DataSearch) => void;
}

/** Filters with their order, kept under a name in the workspace. */
export function SavedViews({ search, onOpen }: SavedViewsProps): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  const views = useQuery(api.catalog.views.queryOptions());
  const keep = { onSuccess: (list: unknown) => queryClient.setQueryData(api.catalog.views.queryKey(), list as never) };
  const saving = useMutation(api.catalog.saveView.mutationOptions(keep));
  const removing = useMutation(api.catalog.removeView.mutationOptions(keep));
  const list = views.data ?? [];
  const error = views.error ?? saving.error ?? removing.error;
  return (
    <DialogTrigger isOpen={isOpen} onOpenChange={setOpen}>
      <Button kind="quiet" icon="bookmark">
        Views
      </Button>
      <Popover className="popover form-popover" placement="bottom end">
        <Dialog className="form-popover-dialog" aria-label="Saved views">
          <h2>Saved views</h2>
          {list.length === 0 ? (
            <p className="muted small">A view is what is filtered now and its order, under a name.</p>
          ) : (
            <ul className="views">
              {list.map((view) => (
                <li key={view.name} className="row">
                  <AriaButton
                    className="view-open truncate"
                    onPress={() => {
                      setOpen(false);
                      onOpen(dataSearchSchema.parse(view.search));
                    }}
                  >
                    {view.name}
                  </AriaButton>
                  <IconButton
                    icon="remove"
                    label={`Remove ${view.name}`}
                    onPress={() => removing.mutate({ name: view.name })}
                  />
                </li>
              ))}
            </ul>
          )}
          <Form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              saving.mutate({ name: name.trim(), search: keptPart(search) }, { onSuccess: () => setName('') });
            }}
          >
            <TextInput label="Name" value={name} onChange={setName} placeholder="Dark and unlabeled" />
            {error !== null && <ErrorNote error={error} />}
            <Button type="submit" isDisabled={name.trim() === ''} isPending={saving.isPending}>
              Save this view
            </Button>
          </Form>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

/** A view is what is shown, not what one does with it. */
function keptPart({ face: _face, pick: _pick, ...search }: DataSearch): Record<string, string | number> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}
