import { createReadStream } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { ExportedImage } from '#shared/export.ts';
import { EXPRESSIONS } from '#shared/expressions.ts';
import type { Exporter } from './exporter.ts';
import { writeWholeFile } from './whole-output.ts';

/**
 * JSON in the shape of COCO's object detection (cocodataset.org/#format-data): an image each, and for each with a label an annotation whose box
 * is the face. Category ids are the class indices plus one, because COCO's begin with 1. Paths are absolute.
 *
 * Annotations come after all images, so they wait in a second file meanwhile: neither list is ever held in memory.
 */
export const exportCoco: Exporter = ({ target, images, signal, onProgress }) =>
  writeWholeFile(target, async (file, temporary) => {
    let done = 0;
    const annotations = `${temporary}.annotations`;
    try {
      await using waiting = await open(annotations, 'w');
      const imageList = new ListWriter(file);
      const annotationList = new ListWriter(waiting);
      await file.write(`{"info":${JSON.stringify(INFO)},"categories":${JSON.stringify(CATEGORIES)},"images":[`);
      for await (const batch of images) {
        signal.throwIfAborted();
        await imageList.add(batch.map(imageOf));
        await annotationList.add(batch.flatMap(annotationsOf));
        onProgress((done += batch.length));
      }
      await file.write('],"annotations":[');
      for await (const chunk of createReadStream(annotations)) await file.write(chunk as Buffer);
      await file.write(']}\n');
    } finally {
      await rm(annotations, { force: true });
    }
    return { images: done, notes: [] };
  });

const INFO = { description: 'Facial expressions, exported by Face2Exp Studio' };
const CATEGORIES = EXPRESSIONS.map(({ name }, index) => ({ id: index + 1, name, supercategory: 'expression' }));

/** Writes the items of a JSON list, some at a time. */
class ListWriter {
  readonly #file: FileHandle;
  #isEmpty = true;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(items: readonly object[]): Promise<void> {
    if (items.length === 0) return;
    const separator = this.#isEmpty ? '' : ',\n';
    this.#isEmpty = false;
    await this.#file.write(separator + items.map((item) => JSON.stringify(item)).join(',\n'));
  }
}

function imageOf({ id, source, split, identity, reference, width, height }: ExportedImage): object {
  const { path, encoding, offset, length } = reference;
  const place = encoding === 'file' ? {} : { encoding, byte_offset: offset, byte_length: length };
  return { id, file_name: path, width, height, source, split, identity, ...place };
}

/** None for an image without a label. Where no box is known the face is the whole image. */
function annotationsOf({ id, label, reference: { box }, width, height }: ExportedImage): object[] {
  if (label === null) return [];
  const face = box ?? { x: 0, y: 0, width: width ?? 0, height: height ?? 0 };
  return [
    {
      id,
      image_id: id,
      category_id: label + 1,
      bbox: [face.x, face.y, face.width, face.height],
      area: face.width * face.height,
      iscrowd: 0,
    },
  ];
}
