import { type DragEvent, type ReactElement, useState } from 'react';
import type { StudioShell } from '#shared/shell.ts';
import { Button } from './button.tsx';
import { TextInput } from './fields.tsx';

interface FolderFieldProps {
  readonly label: string;
  readonly description: string;
  readonly value: string;
  readonly onChange: (path: string) => void;
  readonly placeholder?: string;
}

/** Where something lies on the host's machine. The desktop shell adds its folder dialog, and takes what is dropped on the field. */
export function FolderField(props: FolderFieldProps): ReactElement {
  const shell = window.studioShell;
  return shell === undefined ? <PathInput {...props} /> : <ShellFolderField {...props} shell={shell} />;
}

function PathInput(props: FolderFieldProps & { after?: ReactElement }): ReactElement {
  return <TextInput placeholder="/path/to/images" {...props} />;
}

function ShellFolderField({ shell, ...props }: FolderFieldProps & { shell: StudioShell }): ReactElement {
  const [isOver, setOver] = useState(false);
  const choose = async (): Promise<void> => {
    const path = await shell.chooseFolder();
    if (path !== null) props.onChange(path);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file !== undefined) props.onChange(shell.pathOf(file));
  };
  return (
    <div
      className={isOver ? 'folder-drop folder-drop-over' : 'folder-drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <PathInput
        {...props}
        after={
          <Button icon="folder" onPress={() => void choose()}>
            Choose
          </Button>
        }
      />
    </div>
  );
}
