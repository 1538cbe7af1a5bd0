import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Workload } from '#main/bench/protocol.ts';
import { type Side, type SideProgram, startSide } from '#main/bench/side-process.ts';

/**
 * The real peer program, with workloads of Python's standard library beside it in place of those that need torch. What a case is about is in
 * the workload's architecture, of no meaning here otherwise.
 */

const PYTHON = 'python3';
const PEER_FOLDER = fileURLToPath(new URL('../../../resources/bench', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'face2exp-peer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WORKLOAD: Workload = {
  kind: 'inference',
  ...{ architecture: 'resnet18', imageSize: 8, batchSize: 1, classCount: 7, precision: 'float32' },
  ...{ device: 'cpu', threads: 1 },
};

let programs = 0;

/** The peer with `inference.py` in place of its own. */
function peerWith(workload: string): SideProgram {
  const place = join(folder, String(++programs));
  mkdirSync(place);
  copyFileSync(join(PEER_FOLDER, 'peer.py'), join(place, 'peer.py'));
  writeFileSync(join(place, 'inference.py'), workload);
  return python(join(place, 'peer.py'));
}

function python(file: string, environment: Record<string, string> = {}): SideProgram {
  return { name: 'PyTorch', command: PYTHON, parameters: ['-B', file], environment, hint: 'Name another.' };
}

function start(program: SideProgram, signal = new AbortController().signal): Promise<Side> {
  return startSide(program, WORKLOAD, signal);
}

const SLEEPING = `
import time

class Sleeping:
    versions = {"torch": "0.0"}
    parameters = 12
    note = "a pause"

    def __init__(self, workload):
        print("prepared for", workload["imageSize"], "pixels", flush=True)

    def run(self, repetitions):
        print("a library's chatter", flush=True)
        time.sleep(0.05 * repetitions)

def prepare(workload):
    return Sleeping(workload)
`;

test('a side tells what it computes with, runs as often as it is told, and ends with its input', async () => {
  const side = await start(peerWith(SLEEPING));
  expect(side.ready).toMatchObject({ versions: { torch: '0.0' }, parameters: 12, note: 'a pause' });
  expect(side.ready.versions['Python']).toMatch(/^3\.\d+\.\d+/);
  const once = await side.run(1);
  const four = await side.run(4);
  expect(once).toBeGreaterThanOrEqual(50);
  expect(four).toBeGreaterThanOrEqual(200);
  if (process.platform === 'linux') expect(side.peakMemory()).toBeGreaterThan(2 ** 20);
  await side.close();
  expect(side.peakMemory()).toBeNull();
});

test('a Python without torch is told by name', async () => {
  const stub = join(folder, 'without');
  mkdirSync(stub);
  writeFileSync(join(stub, 'torch.py'), 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")');
  const program = python(join(PEER_FOLDER, 'peer.py'), { PYTHONPATH: stub });
  await expect(start(program)).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The Python python3 has no torch.',
    hint: 'Name another.',
  });
});

test('no Python at all is told', async () => {
  const command = join(folder, 'no-such-python');
  await expect(start({ ...python('peer.py'), command })).rejects.toMatchObject({
    code: 'not-found',
    message: `There is no program ${command}.`,
  });
});

test('what fails inside the peer is told, and the next run still works', async () => {
  const side = await start(
    peerWith(`${SLEEPING}
def fail_at_three(self, repetitions):
    if repetitions == 3:
        raise RuntimeError("three is too many")

Sleeping.run = fail_at_three
`),
  );
  await expect(side.run(3)).rejects.toThrow("The peer's RuntimeError: three is too many");
  expect(await side.run(1)).toBeGreaterThan(0);
  await side.close();
});

test('a side that ends is told with its code and its last words', async () => {
  const side = await start(
    peerWith(`${SLEEPING}
import os, sys

def vanish(self, repetitions):
    print("out of everything", file=sys.stderr, flush=True)
    os._exit(3)

Sleeping.run = vanish
`),
  );
  await expect(side.run(1)).rejects.toThrow(
    /PyTorch side \(python3\) ended with code 3\. Its last words: out of everything/,
  );
  await side.close();
});

test('an answer that nobody can read is told', async () => {
  const program = join(folder, 'chatter.py');
  writeFileSync(program, 'print("hello", flush=True)\ninput()\n');
  await expect(start(python(program))).rejects.toThrow('answered what nobody can read: hello');
});

const WITH_WORKER = `${SLEEPING}
import subprocess, sys

class Busy(Sleeping):
    def run(self, repetitions):
        worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(FILE, "w") as file:
            file.write(str(worker.pid))
        worker.wait()

def prepare(workload):
    return Busy(workload)
`;

test.runIf(process.platform !== 'win32')('a stopped side ends at once, with the processes it started', async () => {
  const file = join(folder, 'worker.txt');
  const abort = new AbortController();
  const side = await start(peerWith(WITH_WORKER.replace('FILE', JSON.stringify(file))), abort.signal);
  const running = side.run(1);
  const worker = await eventually(() => Number(readFileSync(file, 'utf8')));
  abort.abort(new Error('stopped by the test'));
  await expect(running).rejects.toThrow('stopped by the test');
  await side.close();
  await eventually(() => !isAlive(worker));
});

/** Tries until there is something that counts. */
async function eventually<Value>(look: () => Value): Promise<Value> {
  for (let attempt = 0; attempt < 500; attempt++) {
    try {
      const value = look();
      if (value) return value;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await sleep(20);
  }
  throw new Error('It did not come about.');
}

/** A process that has ended and waits for whoever reaps it counts as ended. */
function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'));
}
