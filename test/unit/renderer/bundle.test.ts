import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Rolldown, type UserConfig, build } from 'vite';
import { beforeAll, expect, test } from 'vitest';
import config from '../../../electron.vite.config.ts';

/** What the window loads before anything is seen, as it is built: small, and without the places that are heavy. */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MOST_BYTES = 500_000;

type Chunk = Rolldown.OutputChunk & { readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> } };

let chunks: ReadonlyMap<string, Chunk>;
let styles: ReadonlyMap<string, Rolldown.OutputAsset>;
/** The page's own chunk and all that it imports at once. */
let first: ReadonlySet<Chunk>;

beforeAll(async () => {
  const { renderer } = config as { renderer: UserConfig };
  const built = (await build({
    ...renderer,
    configFile: false,
    logLevel: 'error',
    root: join(ROOT, 'src/renderer'),
    build: { ...renderer.build, write: false, rolldownOptions: { input: join(ROOT, 'src/renderer/index.html') } },
  })) as Rolldown.RolldownOutput;
  chunks = new Map(built.output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file as Chunk]] : [])));
  styles = new Map(built.output.flatMap((file) => (file.type === 'asset' ? [[file.fileName, file]] : [])));
  first = loadedWith([...chunks.values()].find(({ isEntry }) => isEntry)!);
});

function loadedWith(chunk: Chunk, found = new Set<Chunk>()): Set<Chunk> {
  if (found.has(chunk)) return found;
  found.add(chunk);
  for (const name of chunk.imports) loadedWith(chunks.get(name)!, found);
  return found;
}

const modulesOf = (loaded: Iterable<Chunk>): string[] =>
  [...loaded].flatMap(({ moduleIds }) => moduleIds.map((id) => id.replaceAll('\\', '/')));

test(`the scripts and style sheets of the first page are ${MOST_BYTES / 1000} kB at most, compressed`, () => {
  const names = new Set([...first].flatMap(({ viteMetadata }) => [...(viteMetadata?.importedCss ?? [])]));
  const sizes = [
    ...[...first].map(({ fileName, code }) => [fileName, gzipSync(code).length] as const),
    ...[...names].map((name) => [name, gzipSync(styles.get(name)!.source).length] as const),
  ];
  expect(names.size).toBeGreaterThan(0);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(total, sizes.map(([name, size]) => `${name} ${size}`).join('\n')).toBeLessThanOrEqual(MOST_BYTES);
});

/** Places and libraries that nobody needs to see the overview. */
const HEAVY = [
  'src/renderer/views/data/',
  'src/renderer/views/runs/charts/',
  'src/renderer/views/runs/compare/',
  'src/renderer/views/runs/start/',
  'src/renderer/views/labels/review/',
  'src/renderer/views/labels/map/',
  'src/renderer/views/predict/',
  'src/renderer/views/evaluate/',
  'src/renderer/views/settings/',
  'node_modules/uplot/',
];
/** Read before a place is there: what its address means, what the overview's bars count, and whether decisions wait to be sent. */
const LIGHT = /\/(search|facets|colourings|kept)\.ts$/;

test.each(HEAVY)('%s comes when it is wanted', (path) => {
  const isOf = (id: string): boolean => id.includes(path) && !LIGHT.test(id);
  expect(modulesOf(chunks.values()).some(isOf)).toBe(true);
  expect(modulesOf(first).filter(isOf)).toEqual([]);
});
