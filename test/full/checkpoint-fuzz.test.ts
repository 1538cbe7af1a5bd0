import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withCheckpointFile } from '#main/interchange/checkpoint-file.ts';
import { writeOnnx } from '#main/interchange/onnx/onnx-writer.ts';
import { type SafetensorsTensor, writeSafetensors } from '#main/interchange/safetensors.ts';

const FILES = 20_000;
const GOLDENS = join(import.meta.dirname, '..', 'goldens', 'checkpoints');
const folder = mkdtempSync(join(tmpdir(), 'fuzz-sources-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sources = [
  ...['odd-tensors-zip.pth', 'odd-tensors-legacy.pth', 'cuda-tagged-zip.pth', 'cuda-tagged-legacy.pth'],
  ...['bare-state-dict.pth', 'bare-state-dict-legacy.pth'],
].map((name) => join(GOLDENS, name));

beforeAll(async () => {
  const stateDict = await withCheckpointFile(join(GOLDENS, 'bare-state-dict.pth'), async ({ tensors }) => {
    const read: [string, SafetensorsTensor][] = [];
    for (const { path, read: numbers } of tensors) read.push([path[0]!, await numbers()]);
    return new Map(read);
  });
  await writeSafetensors(join(folder, 'network.safetensors'), stateDict, { step: '3' });
  await writeOnnx(join(folder, 'network.onnx'), { stateDict, classCount: 7, metadata: { step: '3' } });
  sources.push(join(folder, 'network.safetensors'), join(folder, 'network.onnx'));
});

test(
  `${FILES} damaged checkpoints are opened or refused, each in time and within memory`,
  { timeout: 590_000 },
  async () => {
    const script = join(import.meta.dirname, 'fuzz-checkpoints.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, '20260101', String(FILES), ...sources], {
      timeout: 580_000,
    });
    const { outcomes, failures, slowest, peakMebibytes, polluted } = JSON.parse(stdout) as {
      outcomes: Record<string, number>;
      failures: string[];
      slowest: number;
      peakMebibytes: number;
      polluted: boolean;
    };
    expect(failures).toEqual([]);
    expect(Object.values(outcomes).reduce((sum, number) => sum + number, 0)).toBe(FILES);
    expect(Object.keys(outcomes).sort()).toEqual(['corrupt', 'opened', 'unsupported']);
    // The damage reaches what it should: most is found, and some changes a number that nothing guards.
    expect(outcomes['corrupt']).toBeGreaterThan(FILES / 4);
    expect(slowest).toBeLessThan(2_000);
    expect(peakMebibytes).toBeLessThan(400);
    expect(polluted).toBe(false);
  },
);
