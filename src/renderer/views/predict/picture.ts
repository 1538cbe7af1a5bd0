import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { StudioError } from '#shared/errors.ts';
import type { Picture } from '#shared/requests.ts';
import { imageAddress, uploadPicture } from '../../api/client.ts';

/** What is to be predicted: how the host finds it, and how the window shows it. */
export interface ShownPicture {
  readonly picture: Picture;
  readonly address: string;
  readonly title: string;
}

export function pictureOfFace(id: number): ShownPicture {
  return { picture: { image: id }, address: imageAddress(id, 512), title: `Face ${id}` };
}

/** Pictures of this session, newest first, and how to add one from the person's own files. */
export function usePictures() {
  const [pictures, setPictures] = useState<readonly ShownPicture[]>([]);
  const uploading = useMutation({
    mutationFn: async (file: File): Promise<ShownPicture> => {
      if (!file.type.startsWith('image/')) {
        throw new StudioError('bad-input', `${file.name} is not a picture.`, {
          hint: 'Choose a JPEG, PNG or WebP file.',
        });
      }
      return { picture: { upload: await uploadPicture(file) }, address: URL.createObjectURL(file), title: file.name };
    },
    onSuccess: (picture) => setPictures((earlier) => [picture, ...earlier]),
  });
  return { pictures, uploading };
}

/** Takes a picture pasted anywhere in the place. */
export function usePaste(onPicture: (file: File) => void): void {
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
      if (file !== undefined) onPicture(file);
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  }, [onPicture]);
}
