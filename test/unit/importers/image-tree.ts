import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import type { Role } from '#shared/images.ts';
import { ClassNames, type ImportChoices, type ImportEvent, type Importer } from '#main/importers/index.ts';

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'face2exp-import-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A grey picture of that size. */
export function picture(width = 5, height = 4): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
}

/** Writes files below a folder, with the folders that lead to them; without contents they are pictures. */
export async function writeTree(root: string, files: readonly string[], contents?: string | Buffer): Promise<void> {
  const bytes = contents ?? (await picture());
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), bytes);
  }
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Everything an importer tells of a path, when the catalog holds the places in `known`. */
export async function eventsOf(
  importer: Importer,
  path: string,
  role: Role,
  known: readonly string[] = [],
  more: Partial<ImportChoices> = {},
): Promise<ImportEvent[]> {
  const isKnown = (place: string, offset: number): boolean => known.includes(place === '' ? String(offset) : place);
  const choices = { classes: new ClassNames(), ...more };
  const root = (await importer.rootOf?.(path, choices)) ?? path;
  return collect(importer.rows(path, { ...choices, role, isKnown, root }));
}

/** The images among events as `[path, split, label]`. */
export function imagesOf(events: readonly ImportEvent[]): (readonly [string, string, number | null])[] {
  return events.flatMap((event) => (event.kind === 'image' ? [[event.path, event.split, event.label] as const] : []));
}

export function rejectedOf(events: readonly ImportEvent[]): (readonly [string, string])[] {
  return events.flatMap((event) => (event.kind === 'rejected' ? [[event.path, event.reason] as const] : []));
}

export function leftOutOf(events: readonly ImportEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'left-out' ? [event.what] : []));
}

export const totalOf = (events: readonly ImportEvent[]): number | undefined =>
  events.find((event) => event.kind === 'total')?.total;
