import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImportEvent } from '#main/importers/index.ts';

/** Writes a list of lines below a folder. @returns its path. */
export function writeList(root: string, name: string, lines: readonly string[], lineEnd = '\n'): string {
  return writeText(root, name, lines.join(lineEnd) + lineEnd);
}

export function writeText(root: string, name: string, content: string | Buffer): string {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** Everything that matters of the images among events. */
export function describedOf(events: readonly ImportEvent[]): unknown[] {
  return events.flatMap((event) => {
    if (event.kind !== 'image') return [];
    const { path, split, label, truth, identity, box } = event;
    return [{ path, split, label, truth, identity, ...(box && { box: [box.x, box.y, box.width, box.height] }) }];
  });
}
