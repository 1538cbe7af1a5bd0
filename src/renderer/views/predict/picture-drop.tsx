import type { ReactElement } from 'react';
import { DropZone, FileTrigger, Text, isFileDropItem } from 'react-aria-components';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import type { ShownPicture } from './picture.ts';

/** What the host decodes. */
const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/bmp', 'image/gif', 'image/tiff'];

interface PictureDropProps {
  readonly shown: ShownPicture | null;
  readonly isUploading: boolean;
  readonly onPicture: (file: File) => void;
}

/** The picture, and where another may be dropped. */
export function PictureDrop({ shown, isUploading, onPicture }: PictureDropProps): ReactElement {
  return (
    <DropZone
      className="picture-drop"
      getDropOperation={() => 'copy'}
      onDrop={(event) => {
        const file = event.items.find(isFileDropItem);
        if (file !== undefined) void file.getFile().then(onPicture);
      }}
    >
      {shown === null ? (
        <div className="empty">
          <Icon name="image" size={28} />
          <Text slot="label">Drop a picture here, or paste one</Text>
        </div>
      ) : (
        <figure className="picture">
          <img src={shown.address} alt={shown.title} />
          <figcaption className="muted small">
            <Text slot="label">{shown.title}</Text>
          </figcaption>
        </figure>
      )}
      <FileTrigger
        acceptedFileTypes={PICTURE_TYPES}
        onSelect={(files) => {
          const file = files?.[0];
          if (file !== undefined) onPicture(file);
        }}
      >
        <Button icon="image" isPending={isUploading}>
          Choose a file
        </Button>
      </FileTrigger>
    </DropZone>
  );
}
