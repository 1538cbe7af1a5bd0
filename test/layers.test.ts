import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/**
 * The import table of the architecture: what each layer may import, and nothing else. A row that is no longer used fails too, so that the
 * table stays the truth. Node's own modules are free to everything under src/main.
 *
 * `types:` marks an import that only types may use (`import type`): it exists at build time and never at run time.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  'src/shared': ['zod'],
  'src/preload': ['src/shared', 'electron'],
  'src/renderer': [
    'src/shared',
    // The API's type is inferred from the host's router: the renderer sees its shape, never its code.
    'types:src/main/host',
    'react',
    'react-dom',
    'react-aria-components',
    '@tanstack/react-query',
    '@tanstack/react-router',
    '@trpc/client',
    '@trpc/tanstack-react-query',
    'uplot',
    'zod',
  ],
  // electron-vite and vite: the renderer is rebuilt on change where Electron is not there to do it.
  'src/main/bootstrap': ['src/shared', 'electron-vite', 'vite'],
  'src/main/shell': ['src/shared', 'electron'],
  'src/main/catalog': ['src/shared', 'better-sqlite3'],
  'src/main/importers': ['src/shared', 'src/main/imaging'],
  'src/main/exporters': ['src/shared', 'src/main/imaging', 'hyparquet-writer'],
  'src/main/bench': [
    'src/shared',
    'src/main/catalog',
    'src/main/exporters',
    'src/main/imaging',
    'src/main/tensorflow',
    'src/main/training',
    'zod',
  ],
  'src/main/imaging': ['src/shared', 'sharp', '@jsquash/jpeg'],
  'src/main/demo': ['src/shared', 'src/main/imaging'],
  'src/main/interchange': ['src/shared'],
  'src/main/evaluation': ['src/shared'],
  // evaluation: confident learning, calibration and Wilson's intervals are the same for labels that are looked through.
  'src/main/audit': [
    'src/shared',
    'src/main/evaluation',
    // The tables and archives that a round of labels may come in.
    'src/main/importers',
    'src/main/interchange',
    'hyparquet',
    // The layout of the map of embeddings.
    'umap-js',
  ],
  // bootstrap: the folder lock that also guards the installation of packages. interchange: sessions and servers are set by protocol buffers.
  'src/main/tensorflow': [
    'src/shared',
    'src/main/bootstrap',
    'src/main/interchange',
    '@tensorflow/tfjs',
    '@tensorflow/tfjs-node-gpu',
    'koffi',
  ],
  'src/main/training': [
    'src/shared',
    'src/main/imaging',
    'src/main/tensorflow',
    'src/main/interchange',
    'src/main/evaluation',
    '@tensorflow/tfjs',
  ],
  // interchange: the features of labeled faces are kept as safetensors.
  'src/main/prediction': [
    'src/shared',
    'src/main/imaging',
    'src/main/training',
    'src/main/tensorflow',
    'src/main/interchange',
    '@tensorflow/tfjs',
    'zod',
  ],
  'src/main/jobs': ['src/shared'],
  'src/main/engine': ['src/shared', 'src/main/training', 'src/main/prediction', 'src/main/tensorflow'],
  'src/main/host': [
    'src/shared',
    'src/main/bootstrap',
    'src/main/catalog',
    'src/main/importers',
    'src/main/exporters',
    'src/main/bench',
    'src/main/imaging',
    'src/main/demo',
    'src/main/evaluation',
    'src/main/audit',
    'src/main/engine',
    'src/main/interchange',
    'src/main/jobs',
    'src/main/prediction',
    'src/main/tensorflow',
    'src/main/training',
    'zod',
    '@trpc/server',
    '@trpc/client',
    'commander',
    // Hosts and workers of a cluster speak over it.
    'ws',
  ],
};

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return /\.(ts|tsx|mts|mjs)$/.test(name) ? [path] : [];
  });
}

function layerOf(file: string): string {
  const path = relative(ROOT, file).replaceAll('\\', '/');
  const layer = Object.keys(TABLE).find((candidate) => path.startsWith(`${candidate}/`));
  if (layer === undefined) throw new Error(`${path} lies in no layer of the import table.`);
  return layer;
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

const IMPORT =
  /^\s*(import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.m?tsx?)['"]/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(IMPORT)].flatMap((match) => {
    const specifier = match[3] ?? match[4] ?? match[5] ?? '';
    const typesOnly = match[2] !== undefined;
    if (specifier === '' || specifier.startsWith('node:')) return [];
    if (specifier.startsWith('.') || specifier.startsWith('#')) {
      const target = specifier.startsWith('.')
        ? resolve(dirname(file), specifier)
        : resolve(ROOT, 'src', specifier.replace(/^#/, ''));
      if (/\.(css|svg|png|json|html)(\?.*)?$/.test(target)) return [];
      return [{ from: file, to: target, typesOnly }];
    }
    const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!;
    return [{ from: file, to: name, typesOnly }];
  });
}

const files = sourceFiles(join(ROOT, 'src'));
const imports = files.flatMap(importsOf);

test('every import is in the table, and every row of the table is used', () => {
  const used = new Set<string>();
  const violations: string[] = [];
  for (const { from, to, typesOnly } of imports) {
    const layer = layerOf(from);
    const target = to.startsWith(ROOT) ? layerOf(to) : to;
    if (target === layer) continue;
    const row = TABLE[layer]!;
    const entry = row.includes(target)
      ? target
      : row.includes(`types:${target}`) && typesOnly
        ? `types:${target}`
        : undefined;
    if (entry === undefined) violations.push(`${relative(ROOT, from)} imports ${target}${typesOnly ? ' (types)' : ''}`);
    else used.add(`${layer} → ${entry}`);
  }
  expect(violations).toEqual([]);
  const stale = Object.entries(TABLE).flatMap(([layer, row]) =>
    row.map((entry) => `${layer} → ${entry}`).filter((entry) => !used.has(entry)),
  );
  expect(stale).toEqual([]);
});

test('no layer imports another in a circle', () => {
  const edges = new Map<string, Set<string>>();
  for (const { from, to, typesOnly } of imports) {
    if (typesOnly || !to.startsWith(ROOT)) continue;
    const layer = layerOf(from);
    const target = layerOf(to);
    if (target !== layer) edges.set(layer, (edges.get(layer) ?? new Set()).add(target));
  }
  const finished = new Set<string>();
  const walk = (layer: string, path: readonly string[]): void => {
    if (path.includes(layer)) throw new Error(`Circle: ${[...path.slice(path.indexOf(layer)), layer].join(' → ')}`);
    if (finished.has(layer)) return;
    for (const next of edges.get(layer) ?? []) walk(next, [...path, layer]);
    finished.add(layer);
  };
  expect(() => {
    for (const layer of edges.keys()) walk(layer, []);
  }).not.toThrow();
});
