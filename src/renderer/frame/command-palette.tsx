import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import {
  Autocomplete,
  Dialog,
  Input,
  Menu,
  MenuItem,
  Modal,
  ModalOverlay,
  SearchField,
  useFilter,
} from 'react-aria-components';
import { api } from '../api/client.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { THEMES, setPreferences } from '../preferences.ts';
import { PLACES } from './places.ts';

interface Command {
  readonly id: string;
  readonly label: string;
  readonly note: string;
  readonly icon: IconName;
  readonly run: () => void;
}

/** Places, actions and runs by name: type a few letters, press Enter. */
export function CommandPalette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }): ReactElement {
  const commands = useCommands();
  const { contains } = useFilter({ sensitivity: 'base' });
  return (
    <ModalOverlay className="scrim" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="modal palette">
        <Dialog className="palette-dialog" aria-label="Search or command">
          <Autocomplete filter={contains}>
            <SearchField
              className="palette-search"
              aria-label="Search or command"
              autoFocus
              // One Escape closes; left to itself the field would take the first one to clear its text.
              onKeyDown={(event) => (event.key === 'Escape' ? onClose() : event.continuePropagation())}
            >
              <Icon name="search" />
              <Input className="palette-input" placeholder="Go to a place, open a run, do something" />
            </SearchField>
            <Menu
              className="menu palette-menu"
              items={commands}
              onAction={(id) => {
                onClose();
                commands.find((command) => command.id === id)?.run();
              }}
              renderEmptyState={() => <p className="palette-empty muted">Nothing has that name.</p>}
            >
              {(command) => (
                <MenuItem className="menu-item" textValue={command.label}>
                  <Icon name={command.icon} />
                  <span className="truncate">{command.label}</span>
                  <span className="menu-note">{command.note}</span>
                </MenuItem>
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function useCommands(): Command[] {
  const router = useRouter();
  const runs = useQuery(api.runs.list.queryOptions());
  const places = PLACES.map(({ label, to, icon }): Command => ({
    id: to,
    label,
    note: 'Place',
    icon,
    run: () => void router.navigate({ to }),
  }));
  const actions: Command[] = [
    {
      id: 'new-run',
      label: 'Start a run',
      note: 'Command',
      icon: 'plus',
      run: () => void router.navigate({ to: '/runs/new' }),
    },
    {
      id: 'import',
      label: 'Import images',
      note: 'Command',
      icon: 'folder',
      run: () => void router.navigate({ to: '/data/import' }),
    },
    {
      id: 'subset',
      label: 'Make a subset',
      note: 'Command',
      icon: 'plus',
      run: () => void router.navigate({ to: '/data/subsets' }),
    },
  ];
  const themes = THEMES.map((theme): Command => ({
    id: `theme-${theme}`,
    label: theme === 'system' ? 'Theme of the system' : `${theme === 'light' ? 'Light' : 'Dark'} theme`,
    note: 'Command',
    icon: 'settings',
    run: () => setPreferences({ theme }),
  }));
  const openRuns = (runs.data ?? []).map(({ id, name }): Command => ({
    id: `run-${id}`,
    label: name === id ? name : `${name} (${id})`,
    note: 'Run',
    icon: 'runs',
    run: () => void router.navigate({ to: '/runs/$run', params: { run: id } }),
  }));
  return [...places, ...actions, ...openRuns, ...themes];
}
