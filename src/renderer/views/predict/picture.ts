import { useMutation } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { StudioError } from '#shared/errors.ts';
import type { Picture } from '#shared/requests.ts';
import { imageAddress, uploadPicture } from '../../api/client.ts';
import { type ShelvedPicture, shelf } from './picture-shelf.ts';
import type { PredictSearch } from './search.ts';

/** What is to be predicted: how the host finds it, and how the window shows it. */
export interface ShownPicture {
  readonly picture: Picture;
  /** Null while it is still read from the browser's database. */
  readonly address: string | null;
  readonly title: string;
  /** Faces of the catalog are faces already: none is looked for in them unless one asks. */
  readonly isFace: boolean;
}

/** Shorter side of a catalog's face as it is shown, pixels. */
const SHOWN_PIXELS = 1024;

export function pictureOfFace(id: number): ShownPicture {
  return { picture: { image: id }, address: imageAddress(id, SHOWN_PIXELS), title: `Face ${id}`, isFace: true };
}

export const keyOfFace = (id: number): string => `face ${id}`;

/** The picture that an address names; null for none, `gone` for one that neither browser nor host has any more. */
export function useShownPicture({ face, upload }: PredictSearch): ShownPicture | 'gone' | null {
  const shelved = useShelf();
  const known = shelved?.find(({ key }) => key === upload);
  const address = useObjectAddress(known?.file ?? null);
  return useMemo(() => {
    if (face !== undefined) return pictureOfFace(face);
    if (upload === undefined) return null;
    if (shelved !== null && known === undefined) return 'gone';
    return { picture: { upload }, address, title: known?.title ?? 'Picture', isFace: false };
  }, [face, upload, shelved, known, address]);
}

/** Pictures tried before, the newest first; null until they were read. */
export function useShelf(): readonly ShelvedPicture[] | null {
  return useSyncExternalStore(shelf.subscribe, shelf.list);
}

/** Where the window finds a file; null for none. */
export function useObjectAddress(file: Blob | null): string | null {
  const address = useMemo(() => (file === null ? null : URL.createObjectURL(file)), [file]);
  useEffect(() => {
    // In strict mode an effect is undone and done again at once: only an address that is no longer shown is given back.
    return () => {
      if (address !== null) setTimeout(() => URL.revokeObjectURL(address), 60_000);
    };
  }, [address]);
  return address;
}

/** Hands files to the host, puts them on the shelf, and tells the name of the first. Others of a drop wait on the shelf. */
export function useUpload(onUploaded: (upload: string) => void) {
  return useMutation({
    mutationFn: async (files: readonly File[]): Promise<string> => {
      const pictures = files.filter(({ type }) => type.startsWith('image/'));
      const [first] = files;
      if (pictures.length === 0) {
        throw new StudioError('bad-input', `${first?.name || 'This'} is not a picture.`, {
          hint: 'Choose a JPEG, PNG or WebP file.',
        });
      }
      let shown = '';
      // The first comes last, so that it stands in front.
      for (const file of pictures.slice(0, 12).toReversed()) {
        shown = await uploadPicture(file);
        const title = file.name === '' ? 'Pasted picture' : file.name;
        await shelf.put({ key: shown, picture: { upload: shown }, title, file, at: Date.now() });
      }
      return shown;
    },
    onSuccess: onUploaded,
  });
}

/** Takes pictures pasted anywhere in the place. */
export function usePaste(onFiles: (files: readonly File[]) => void): void {
  useEffect(() => {
    const paste = (event: ClipboardEvent): void => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) onFiles(files);
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  }, [onFiles]);
}
