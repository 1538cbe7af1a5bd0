import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StudioError, serializeError } from '#shared/errors.ts';
import { trainingConfigSchema, trainingManifestSchema } from '#shared/training.ts';
import { loadTensorFlow } from '../tensorflow/runtime.ts';
import { trainRun } from '../training/loop.ts';
import { answer } from './answers.ts';
import type { EngineRequest, FromEngine, ToEngine } from './messages.ts';

const HEARTBEAT_MILLISECONDS = 2_000;

/**
 * The engine: a child process of the host with TensorFlow in it. It trains one run, or answers questions about networks, and ends itself when
 * the channel to its host closes, so that nothing of it outlives a killed host.
 */
function main(): void {
  if (process.send === undefined) throw new Error('The engine is started by the host, over a message channel.');
  let request: 'pause' | 'stop' | undefined;
  process.on('disconnect', end);
  setInterval(() => send({ kind: 'heartbeat', residentBytes: process.memoryUsage.rss() }), HEARTBEAT_MILLISECONDS);

  process.on('message', (message: ToEngine) => {
    switch (message.kind) {
      case 'train':
        train(message, () => request).then(
          (outcome) => send({ kind: 'trained', outcome }),
          (error: unknown) => send({ kind: 'failed', error: serializeError(error) }),
        );
        break;
      case 'pause':
      case 'stop':
        request = message.kind;
        break;
      case 'request':
        answerRequest(message.id, message.request);
        break;
      case 'cancel':
        asked.get(message.id)?.abort(new StudioError('cancelled', 'Cancelled.'));
        break;
    }
  });
}

/**
 * Not by an orderly exit: that waits for TensorFlow, and TensorFlow may wait for an exchange with a process of a cluster that is gone. What is
 * kept is written beside its place and renamed.
 */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** Requests that have no answer yet. */
const asked = new Map<number, AbortController>();

function answerRequest(id: number, request: EngineRequest): void {
  const abort = new AbortController();
  asked.set(id, abort);
  answer(request, (done, total) => send({ kind: 'progress', id, done, total }), abort.signal)
    .then(
      (result) => send({ kind: 'answer', id, answer: result }),
      (error: unknown) => send({ kind: 'refusal', id, error: serializeError(error) }),
    )
    .finally(() => asked.delete(id));
}

async function train(
  { directory, finetuneOnly, cluster }: Extract<ToEngine, { kind: 'train' }>,
  requested: () => 'pause' | 'stop' | undefined,
): Promise<Awaited<ReturnType<typeof trainRun>>> {
  const config = trainingConfigSchema.parse(readJson(join(directory, 'config.json')));
  const manifest = trainingManifestSchema.parse(readJson(join(directory, 'manifest.json')));
  const { runtime } = await loadTensorFlow({ device: config.device });
  send({ kind: 'ready', runtime });
  return trainRun({
    config,
    manifest,
    directory,
    ...(finetuneOnly === undefined ? {} : { finetuneOnly }),
    ...(cluster === undefined ? {} : { cluster }),
    control: { pauseRequested: () => requested() === 'pause', stopRequested: () => requested() === 'stop' },
    emit: (event) => send({ kind: 'training', event }),
  });
}

function readJson(file: string): unknown {
  if (!existsSync(file))
    throw new StudioError('corrupt', `${file} is missing.`, { hint: 'The run’s folder was changed; start a new run.' });
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StudioError('corrupt', `${file} is damaged.`, {
      hint: 'Start a new run with the same settings.',
      cause: error,
    });
  }
}

function send(message: FromEngine): void {
  if (process.connected) process.send?.(message);
}

main();
