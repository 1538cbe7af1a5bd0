import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toStudioError } from '#shared/errors.ts';
import { RandomStream } from '#shared/random.ts';
import { openCheckpointFile } from '#main/interchange/checkpoint-file.ts';
import { FileBytes } from '#main/interchange/file-bytes.ts';
import { zipChunks } from '#main/interchange/pytorch/zip-writer.ts';
import { ZipReader } from '#main/interchange/pytorch/zip-reader.ts';

/**
 * Damages checkpoints in seeded ways and opens each: `node fuzz-checkpoints.ts SEED COUNT FILE…`. Prints what came of it as one line of JSON.
 * A process of its own, so that a hang can be ended and memory is that of reading alone.
 */

const [seed, count, ...sources] = process.argv.slice(2);
const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];
const OPERATIONS = Buffer.from('().0cRbQqrhjKMJGX}]elsut\x80\x81\x85\x86\x87\x88\x89\x8aU2\x8f\x93\x94', 'latin1');
const LARGEST_ERROR_LIST = 10;

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
const originals = await Promise.all(sources.map(readSource));
const outcomes: Record<string, number> = {};
const failures: string[] = [];
let slowest = 0;

for (let index = 0; index < Number(count); index++) {
  const stream = new RandomStream(Number(seed), 'demo', 2, index);
  const original = originals[index % originals.length]!;
  const path = join(folder, 'mutated.pth');
  writeFileSync(path, mutated(original, stream));
  const start = performance.now();
  const outcome = await open(path);
  slowest = Math.max(slowest, performance.now() - start);
  outcomes[outcome.code] = (outcomes[outcome.code] ?? 0) + 1;
  if (outcome.code === 'internal' && failures.length < LARGEST_ERROR_LIST) failures.push(`${index}: ${outcome.text}`);
}
rmSync(folder, { recursive: true });
const peakMebibytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ outcomes, failures, slowest, peakMebibytes, polluted: 'polluted' in {} })}\n`);

interface Original {
  readonly bytes: Buffer;
  /** The entries of a zip archive: their bytes are damaged too, under checksums that are right again. */
  readonly entries: readonly { readonly name: string; readonly bytes: Uint8Array }[] | null;
}

async function readSource(path: string): Promise<Original> {
  const bytes = readFileSync(path);
  if (bytes.readUInt16LE(0) !== 0x4b50) return { bytes, entries: null };
  const file = await FileBytes.open(path);
  const archive = await ZipReader.open(file);
  const entries = [];
  for (const name of archive.names()) entries.push({ name, bytes: await archive.read(name, 2 ** 24) });
  await file.close();
  return { bytes, entries };
}

function mutated({ bytes, entries }: Original, stream: RandomStream): Uint8Array {
  if (entries === null || stream.integer(3) === 0) return damage(bytes, stream);
  const chosen =
    stream.integer(3) > 0 ? entries.findIndex(({ name }) => name.endsWith('.pkl')) : stream.integer(entries.length);
  return Buffer.concat(
    zipChunks(
      entries.map((entry, index) => (index === chosen ? { ...entry, bytes: damage(entry.bytes, stream) } : entry)),
    ),
  );
}

/** One to four changes: a byte, a number, an operation, a piece cut, doubled, or the end left out. */
function damage(source: Uint8Array, stream: RandomStream): Buffer {
  let bytes = Buffer.from(source);
  // Headers and pickles are at the beginning, and break more than weights.
  const place = (): number =>
    stream.integer(Math.max(1, stream.integer(2) === 0 ? Math.min(bytes.length, 2_000) : bytes.length));
  for (let changes = 1 + stream.integer(4); changes > 0 && bytes.length > 0; changes--) {
    const at = place();
    switch (stream.integer(7)) {
      case 0:
        bytes[at] = stream.integer(256);
        break;
      case 1:
        bytes[at] = bytes[at]! ^ (1 << stream.integer(8));
        break;
      case 2:
        bytes.subarray(at, at + 1 + stream.integer(8)).fill(INTERESTING[stream.integer(INTERESTING.length)]!);
        break;
      case 3:
        bytes[at] = OPERATIONS[stream.integer(OPERATIONS.length)]!;
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + stream.integer(40))]);
        break;
      case 5: {
        const piece = bytes.subarray(at, at + 1 + stream.integer(200));
        const to = place();
        bytes = Buffer.concat([bytes.subarray(0, to), piece, bytes.subarray(to)]);
        break;
      }
      case 6:
        bytes = bytes.subarray(0, at);
        break;
    }
  }
  return bytes;
}

async function open(path: string): Promise<{ code: string; text: string }> {
  try {
    const file = await openCheckpointFile(path);
    try {
      for (const tensor of file.tensors) await tensor.read();
    } finally {
      await file.close();
    }
    return { code: 'opened', text: '' };
  } catch (thrown) {
    const error = toStudioError(thrown);
    return { code: error.code, text: error.stack ?? error.message };
  }
}
