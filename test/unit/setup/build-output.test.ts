import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ensureBuilt, hashOfSources } from '#main/bootstrap/build-output.mjs';
import { temporaryFolder } from './fixtures.ts';

/** A checkout whose builder appends a line to out/log for each build, or fails. */
function checkout(builder = "require('node:fs').appendFileSync('out/log', 'built\\n')"): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'src/renderer/views'), { recursive: true });
  writeFileSync(join(root, 'src/renderer/views/a.tsx'), 'a');
  mkdirSync(join(root, 'node_modules/electron-vite/bin'), { recursive: true });
  writeFileSync(join(root, 'node_modules/electron-vite/bin/electron-vite.js'), builder);
  return root;
}

describe('hashOfSources', () => {
  it('changes with a content, a name, a new file, and with nothing else', () => {
    const root = checkout();
    const first = hashOfSources(root);
    writeFileSync(join(root, 'README.md'), 'not a source');
    expect(hashOfSources(root)).toBe(first);
    writeFileSync(join(root, 'src/renderer/views/a.tsx'), 'b');
    const second = hashOfSources(root);
    renameSync(join(root, 'src/renderer/views/a.tsx'), join(root, 'src/renderer/views/b.tsx'));
    const third = hashOfSources(root);
    mkdirSync(join(root, 'src/shared'), { recursive: true });
    writeFileSync(join(root, 'src/shared/c.ts'), '');
    const fourth = hashOfSources(root);
    expect(new Set([first, second, third, fourth]).size).toBe(4);
  });
});

describe('ensureBuilt', () => {
  it('builds once, and again when a source changes', async () => {
    const root = checkout();
    const builds = (): number => readFileSync(join(root, 'out/log'), 'utf8').split('\n').length - 1;
    await ensureBuilt(root, process.execPath);
    await ensureBuilt(root, process.execPath);
    expect(builds()).toBe(1);
    writeFileSync(join(root, 'src/renderer/views/a.tsx'), 'changed');
    await ensureBuilt(root, process.execPath);
    expect(builds()).toBe(2);
  });

  it('tries again after a build that failed', async () => {
    const root = checkout('process.exit(3)');
    await expect(ensureBuilt(root, process.execPath)).rejects.toMatchObject({ name: 'BootstrapError', exitCode: 3 });
    await expect(ensureBuilt(root, process.execPath)).rejects.toMatchObject({ exitCode: 3 });
  });
});
