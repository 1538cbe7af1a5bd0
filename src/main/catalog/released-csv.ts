import { StudioError } from '#shared/errors.ts';
import type { ManifestImage } from '#shared/images.ts';

/** Columns of AffectNet's lists, which the released program reads: it takes the path, the face's box and the class number. */
const HEADER = 'subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal';

/**
 * A labeled set as csv. Paths are absolute; a box is written where the catalog knows one, landmarks, valence and arousal never; classes have
 * AffectNet's numbers, which are the studio's. RFC 4180: lines end in CRLF, fields with commas or quotes are quoted.
 *
 * @throws StudioError 'unsupported' when some of the images are rows of a larger file, which no path names.
 */
export function releasedCsv(images: readonly ManifestImage[]): string {
  const inside = images.find(({ reference }) => reference.encoding !== 'file');
  if (inside !== undefined) {
    throw new StudioError(
      'unsupported',
      `The released program reads image files, and ${inside.reference.path} holds rows.`,
      {
        hint: 'Make the subset from a source of image files.',
      },
    );
  }
  const lines = images.map(({ reference, label }) => {
    const { box } = reference;
    const place = box === undefined ? ['', '', '', ''] : [box.x, box.y, box.width, box.height].map(String);
    return [quoted(reference.path), ...place, '', String(label), '', ''].join(',');
  });
  return [HEADER, ...lines, ''].join('\r\n');
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
