import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { StudioError } from '#shared/errors.ts';
import { networkAddressText } from '#shared/network-address.ts';
import { clusterVersion } from './worker-server.ts';
import { isAuthorized } from './secret.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One process of those that a launcher started with the same command, on one machine or many. */
export interface LaunchedProcess {
  /** The first one trains, and is a worker too; the others are workers. */
  readonly rank: number;
  readonly count: number;
  /** Where the first one tells who takes part. */
  readonly meeting: { readonly host: string; readonly port: number };
}

/** SLURM job ids become ports from here on. */
const SLURM_PORTS = { first: 20_000, count: 20_000 };
/** The machines of a job start within minutes of each other. */
const MEETING_MILLISECONDS = 10 * 60_000;
const RETRY_MILLISECONDS = 1_000;
/** The first process is asked so often whether it goes on; unanswered for long, the others end. */
const ALIVE_MILLISECONDS = 2_000;
const GONE_MILLISECONDS = 15_000;

/**
 * Which of a launcher's processes this is: by RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun and Kubernetes' training operators set
 * them, or by SLURM's own variables.
 * @throws StudioError 'usage' when neither are set.
 */
export function launchedProcess(environment: Environment = process.env): LaunchedProcess {
  const { RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT } = environment;
  if (RANK !== undefined && WORLD_SIZE !== undefined && MASTER_ADDR !== undefined && MASTER_PORT !== undefined) {
    const meeting = { host: MASTER_ADDR, port: Number(MASTER_PORT) };
    return { rank: Number(RANK), count: Number(WORLD_SIZE), meeting };
  }
  const { SLURM_PROCID, SLURM_NTASKS, SLURM_JOB_ID } = environment;
  const nodes = environment['SLURM_STEP_NODELIST'] ?? environment['SLURM_JOB_NODELIST'];
  if (SLURM_PROCID !== undefined && SLURM_NTASKS !== undefined && SLURM_JOB_ID !== undefined && nodes !== undefined) {
    const port = SLURM_PORTS.first + (Number(SLURM_JOB_ID) % SLURM_PORTS.count);
    return { rank: Number(SLURM_PROCID), count: Number(SLURM_NTASKS), meeting: { host: firstHost(nodes), port } };
  }
  throw new StudioError('usage', 'No launcher says which process this is.', {
    hint: 'Start it with srun or torchrun, or set RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT.',
  });
}

/** The first of SLURM's list of nodes, such as `gpu[03-07,12],login`. */
export function firstHost(nodes: string): string {
  const [, prefix, numbers, suffix] = /^([^,[]+)(?:\[([^\]]+)\])?([^,]*)/.exec(nodes) ?? [];
  if (prefix === undefined) throw new StudioError('usage', `“${nodes}” is no list of nodes.`);
  const [first = ''] = (numbers ?? '').split(/[-,]/);
  return `${prefix}${first}${suffix ?? ''}`;
}

const joinSchema = z.object({ rank: z.number().int().positive(), port: z.number().int().positive() });

/** Where the first process waits for the others. */
export interface Meeting {
  /** HOST:PORT of the workers of ranks 1 and on. Rejects when they do not all come in time. */
  readonly addresses: Promise<string[]>;
  close(): void;
}

/** @throws Error of the system when the port is taken. */
export async function openMeeting({ count, meeting }: LaunchedProcess, secret: string): Promise<Meeting> {
  const known = new Map<number, string>();
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  promise.catch(() => undefined); // whoever waits is told
  const settle = (): void => {
    if (known.size < count - 1) return;
    resolve(
      Array.from(known)
        .toSorted(([a], [b]) => a - b)
        .map(([, address]) => address),
    );
  };
  const server = createServer((request, response) => {
    void answerJoin(request, response, secret, (rank, address) => {
      known.set(rank, address);
      settle();
    });
  });
  server.listen(meeting.port, await localAddress(meeting.host));
  await once(server, 'listening');
  settle();
  const late = setTimeout(() => {
    const missing = Array.from({ length: count - 1 }, (_, index) => index + 1).filter((rank) => !known.has(rank));
    reject(
      new StudioError('unavailable', `Of ${count} processes ${missing.length} did not come: ${missing.join(', ')}.`),
    );
  }, MEETING_MILLISECONDS);
  late.unref();
  return { addresses: promise, close: () => (clearTimeout(late), server.close(), server.closeAllConnections()) };
}

async function answerJoin(
  request: IncomingMessage,
  response: ServerResponse,
  secret: string,
  onJoin: (rank: number, address: string) => void,
): Promise<void> {
  const end = (status: number, text: string): void => void response.writeHead(status).end(text);
  if (!isAuthorized(request.headers.authorization, secret)) return end(401, 'The secret is another one there.');
  if (request.method === 'GET') return end(204, '');
  let text = '';
  for await (const piece of request as AsyncIterable<Buffer>) {
    text += piece.toString();
    if (text.length > 1000) return end(413, 'Too much.');
  }
  const joined = joinSchema.safeParse(safeJson(text));
  if (!joined.success) return end(400, 'That is no process of the launcher.');
  if (request.headers['x-face2exp-version'] !== clusterVersion())
    return end(409, `This is Face2Exp Studio ${clusterVersion()}.`);
  const host = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  onJoin(joined.data.rank, networkAddressText({ host, port: joined.data.port }));
  end(204, '');
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema
  }
}

/** Tells the first process where this one listens. Settles when that has heard it. @throws StudioError 'unavailable', 'unauthorized'. */
export async function joinMeeting({ rank, meeting }: LaunchedProcess, port: number, secret: string): Promise<void> {
  const deadline = performance.now() + MEETING_MILLISECONDS;
  for (;;) {
    try {
      const response = await askFirst(meeting, secret, JSON.stringify({ rank, port }));
      if (response.ok) return;
      throw new StudioError('unauthorized', `The first process refuses this one: ${await response.text()}`);
    } catch (error) {
      if (error instanceof StudioError || performance.now() > deadline) throw error;
      await sleep(RETRY_MILLISECONDS); // not there yet
    }
  }
}

/** Settles when the first process is gone. */
export async function meetingOver({ meeting }: LaunchedProcess, secret: string): Promise<void> {
  for (let heard = performance.now(); performance.now() - heard < GONE_MILLISECONDS; await sleep(ALIVE_MILLISECONDS)) {
    const answered = await askFirst(meeting, secret).then(
      () => true,
      () => false, // counted by the time since it answered last
    );
    if (answered) heard = performance.now();
  }
}

function askFirst({ host, port }: LaunchedProcess['meeting'], secret: string, body?: string): Promise<Response> {
  return fetch(`http://${networkAddressText({ host, port })}/`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${secret}`, 'x-face2exp-version': clusterVersion() },
    signal: AbortSignal.timeout(ALIVE_MILLISECONDS),
    ...(body === undefined ? {} : { body }),
  });
}

/** This machine's address on the way to another one. */
export async function addressTowards({ host, port }: LaunchedProcess['meeting']): Promise<string> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return socket.localAddress!.replace(/^::ffff:/, '');
  } finally {
    socket.destroy();
  }
}

/** The address that a name of this machine stands for. */
async function localAddress(host: string): Promise<string> {
  return (await lookup(host)).address;
}
