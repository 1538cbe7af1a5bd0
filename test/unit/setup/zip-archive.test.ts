import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractZipEntry, readZipDirectory } from '#main/tensorflow/setup/zip-archive.ts';
import { buildZip, temporaryFolder, type ZipMember } from './fixtures.ts';

function archive(members: readonly ZipMember[], comment?: string): string {
  const path = join(temporaryFolder(), 'a.zip');
  writeFileSync(path, buildZip(members, comment));
  return path;
}

async function extractFirst(path: string, onBytes?: (bytes: number) => void): Promise<string> {
  const folder = temporaryFolder();
  const [entry] = await readZipDirectory(path);
  await extractZipEntry(path, entry!, folder, onBytes === undefined ? {} : { onBytes });
  return join(folder, entry!.name);
}

describe('readZipDirectory', () => {
  it('lists the members, whatever comment follows', async () => {
    const path = archive(
      [
        { name: 'a/b.txt', content: 'one' },
        { name: 'c', content: 'three', stored: true },
      ],
      'a comment',
    );
    const entries = await readZipDirectory(path);
    expect(entries.map(({ name, size, method }) => ({ name, size, method }))).toEqual([
      { name: 'a/b.txt', size: 3, method: 8 },
      { name: 'c', size: 5, method: 0 },
    ]);
  });

  it('refuses what is not a whole archive', async () => {
    const path = archive([{ name: 'a', content: 'x'.repeat(1000), stored: true }]);
    writeFileSync(path, readFileSync(path).subarray(0, 500));
    await expect(readZipDirectory(path)).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('refuses ZIP64', async () => {
    const path = archive([{ name: 'a', content: 'x' }]);
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(0xffffffff, bytes.length - 22 + 16);
    writeFileSync(path, bytes);
    await expect(readZipDirectory(path)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('extractZipEntry', () => {
  it('unpacks deflated, stored and empty members into their folders', async () => {
    for (const member of [
      { name: 'deep/er/a', content: 'abc'.repeat(50_000) },
      { name: 'deep/b', content: 'stored', stored: true },
      { name: 'empty', content: '', stored: true },
    ]) {
      const path = await extractFirst(archive([member]));
      expect(readFileSync(path, 'utf8')).toBe(member.content);
    }
  });

  it('counts the bytes it writes', async () => {
    let sum = 0;
    await extractFirst(archive([{ name: 'a', content: 'abc'.repeat(50_000) }]), (bytes) => (sum += bytes));
    expect(sum).toBe(150_000);
  });

  it('keeps the permission to execute', async () => {
    const program = await extractFirst(archive([{ name: 'ptxas', content: 'program', mode: 0o744 }]));
    expect(statSync(program).mode & 0o777).toBe(0o744);
  });

  it('finds a content that does not match its checksum', async () => {
    const path = archive([{ name: 'a', content: 'abc', crc32: 1 }]);
    await expect(extractFirst(path)).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('writes nothing outside its folder', async () => {
    const path = archive([{ name: '../escaped.txt', content: 'x' }]);
    await expect(extractFirst(path)).rejects.toMatchObject({ code: 'corrupt' });
    expect(existsSync(join(path, '../../escaped.txt'))).toBe(false);
  });
});
