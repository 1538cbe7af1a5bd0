import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { clusterRequestSchema } from '#shared/cluster.ts';
import type { ManifestImage } from '#shared/images.ts';
import { isLoopback, networkAddressText, parseNetworkAddress } from '#shared/network-address.ts';
import { FileReceiver, sendFile } from '#main/host/cluster/file-transfer.ts';
import { checkImages, sampleImages } from '#main/host/cluster/image-check.ts';
import { mapPath, parseMapping } from '#main/host/cluster/path-mapping.ts';
import type { FilePart } from '#main/host/cluster/protocol.ts';
import { clusterSecret, clusterSecretFile, isAuthorized } from '#main/host/cluster/secret.ts';
import { tunnelsTo } from '#main/host/cluster/tunnel.ts';
import { clusterOf } from '#main/host/commands/cluster-options.ts';
import { exchangeLists, EXCHANGE_ELEMENTS } from '#main/tensorflow/capture/collectives.ts';

const folder = mkdtempSync(join(tmpdir(), 'face2exp-cluster-unit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('addresses', () => {
  test('a host and a port, IPv6 in brackets', () => {
    expect(parseNetworkAddress('gpu-1:7070')).toEqual({ host: 'gpu-1', port: 7070 });
    expect(parseNetworkAddress('[fe80::1]:7070')).toEqual({ host: 'fe80::1', port: 7070 });
    expect(networkAddressText({ host: 'fe80::1', port: 7070 })).toBe('[fe80::1]:7070');
    for (const wrong of ['gpu-1', ':7070', 'gpu-1:0', 'gpu-1:70000', 'fe80::1:7070', 'a b:1']) {
      expect(() => parseNetworkAddress(wrong), wrong).toThrow('is no address');
    }
    expect(['127.0.0.1', '127.8.0.1', '::1', 'localhost', '10.0.0.1', '0.0.0.0'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test('the workers of a command: a list, a file with remarks, none twice', () => {
    const file = join(folder, 'hosts');
    writeFileSync(file, '# the rack\ngpu-1:7070\n\n  gpu-2:7070  # slow\n');
    expect(clusterOf({ cluster: `@${file}`, elastic: true })).toEqual({
      workers: ['gpu-1:7070', 'gpu-2:7070'],
      elastic: true,
      timeoutSeconds: 10,
    });
    expect(clusterOf({ cluster: ' a:1, b:2 ,', workerTimeout: '30' })).toMatchObject({
      workers: ['a:1', 'b:2'],
      timeoutSeconds: 30,
    });
    expect(clusterOf({})).toBeUndefined();
    expect(() => clusterOf({ cluster: 'a:1,a:1' })).toThrow('named twice');
    expect(() => clusterOf({ cluster: `@${file}.not` })).toThrow('No such file');
    expect(() => clusterOf({ workerTimeout: '3' })).toThrow('--worker-timeout is about the workers of --cluster');
    expect(clusterRequestSchema.safeParse({ workers: [] }).success).toBe(false);
  });
});

describe('where a worker has the images', () => {
  test('the deepest folder that fits counts, whole names alone', () => {
    const mappings = ['/data=/mnt', '/data/lfw=/faces'].map(parseMapping);
    expect(mapPath('/data/lfw/a/b.jpg', mappings)).toBe('/faces/a/b.jpg');
    expect(mapPath('/data/fer/c.png', mappings)).toBe('/mnt/fer/c.png');
    expect(mapPath('/data/lfw-2/d.png', mappings)).toBe('/mnt/lfw-2/d.png');
    expect(mapPath('/database/e.png', mappings)).toBe('/database/e.png');
    expect(() => parseMapping('data=/mnt')).toThrow('no mapping of folders');
  });

  test('every file is looked for, and the bytes of a sample compared, slices of a file too', async () => {
    const files = ['a', 'b', 'c'].map((name) => join(folder, `${name}.bin`));
    for (const file of files) writeFileSync(file, file.repeat(20));
    const images: ManifestImage[] = [
      ...files.map((path, id) => ({ id, reference: { path, encoding: 'file' as const }, label: 0 })),
      { id: 9, reference: { path: files[0]!, encoding: 'file-slice', offset: 5, length: 7 }, label: 0 },
    ];
    const sample = await sampleImages(images);
    expect(new Set(sample.map(({ path }) => path)).size).toBe(3);
    expect(sample.find(({ length }) => length === 7)!.sha256).toBe(
      createHash('sha256').update(files[0]!.repeat(20).slice(5, 12)).digest('hex'),
    );
    expect(await checkImages(images, sample)).toEqual({ files: 3, missing: 0, different: 0, example: null });
    writeFileSync(files[1]!, 'another picture');
    expect(await checkImages(images, sample)).toMatchObject({ different: 1, example: files[1] });
    rmSync(files[2]!);
    expect(await checkImages(images, sample)).toEqual({ files: 3, missing: 1, different: 1, example: files[2] });
  });
});

describe('files on their way', () => {
  const partsOf = async (source: string, path: string): Promise<FilePart[]> => {
    const parts: FilePart[] = [];
    await sendFile((part) => (parts.push(part), Promise.resolve()), source, path);
    return parts;
  };

  test('arrive whole, in pieces, in folders of their own', async () => {
    const source = join(folder, 'large');
    writeFileSync(source, Buffer.alloc(3 * 2 ** 20 + 17, 'face'));
    const parts = await partsOf(source, 'last/weights.safetensors');
    expect(parts.filter(({ kind }) => kind === 'bytes')).toHaveLength(4);
    const receiver = new FileReceiver(join(folder, 'session'));
    const done = parts.map((part) => receiver.receive(part)).filter((file) => file !== null);
    expect(done).toEqual([
      {
        path: join('last', 'weights.safetensors'),
        sha256: createHash('sha256').update(readFileSync(source)).digest('hex'),
      },
    ]);
    expect(readFileSync(join(folder, 'session/last/weights.safetensors')).equals(readFileSync(source))).toBe(true);
  });

  test('a byte that changed is noticed, and no path leads out', async () => {
    const source = join(folder, 'small');
    writeFileSync(source, 'neutral');
    const [begin, , end] = await partsOf(source, 'state.json');
    const receiver = new FileReceiver(join(folder, 'session'));
    receiver.receive(begin!);
    receiver.receive({ kind: 'bytes', bytes: Buffer.from('neutraL') });
    expect(() => receiver.receive(end!)).toThrow('did not arrive as it was sent');
    for (const path of ['../x', '/etc/x', 'a/../../x', 'a\\..\\x', 'C:x']) {
      expect(() => receiver.receive({ kind: 'file', path }), path).toThrow('leads out of the session’s folder');
    }
  });
});

test('the secret is made once, for its owner alone; a short one is refused', () => {
  const environment = { XDG_CONFIG_HOME: join(folder, 'config') };
  mkdirSync(environment.XDG_CONFIG_HOME);
  const secret = clusterSecret(environment);
  expect(secret.length).toBeGreaterThan(20);
  expect(clusterSecret(environment)).toBe(secret);
  expect(statSync(clusterSecretFile(environment)).mode & 0o077).toBe(0);
  expect(clusterSecret({ ...environment, FACE2EXP_CLUSTER_SECRET: 'of sixteen chars' })).toBe('of sixteen chars');
  expect(() => clusterSecret({ FACE2EXP_CLUSTER_SECRET: 'short' })).toThrow('too few for a secret');
  expect(isAuthorized(`Bearer ${secret}`, secret)).toBe(true);
  for (const wrong of [undefined, '', secret, `Bearer ${secret}x`, `Bearer ${secret.slice(1)}x`])
    expect(isAuthorized(wrong, secret)).toBe(false);
});

test('tunnels bring each machine’s ports here and all others’ there, on loopback alone', () => {
  const [one, two] = tunnelsTo(['gpu-1', 'me@gpu-2'], 9000);
  expect([one!.address, two!.address]).toEqual(['127.0.0.1:9000', '127.0.0.1:9010']);
  expect(one!.ssh.join(' ')).toContain(
    '-L 127.0.0.1:9000:127.0.0.1:9000 -L 127.0.0.1:9001:127.0.0.1:9001 -R 127.0.0.1:9010:127.0.0.1:9010 -R 127.0.0.1:9011:127.0.0.1:9011 gpu-1',
  );
  expect(two!.ssh.at(-1)).toBe('me@gpu-2');
  expect(() => tunnelsTo(['-oProxyCommand=x'])).toThrow('no name of a machine');
  expect(() => tunnelsTo(['a', 'a'])).toThrow('named twice');
});

test('gradients travel in lists of some megabytes, in their order; one that is larger goes alone', () => {
  const shapes = [[10], [EXCHANGE_ELEMENTS - 10], [1], [2 * EXCHANGE_ELEMENTS], [3], [4]].map((shape) => ({ shape }));
  expect(exchangeLists(shapes).map((list) => list.map(({ shape }) => shape[0]))).toEqual([
    [10, EXCHANGE_ELEMENTS - 10],
    [1],
    [2 * EXCHANGE_ELEMENTS],
    [3, 4],
  ]);
});
