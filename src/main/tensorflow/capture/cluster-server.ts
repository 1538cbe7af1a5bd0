import { StudioError } from '#shared/errors.ts';
import { parseNetworkAddress } from '#shared/network-address.ts';
import { field, integerField, message } from '../../interchange/protobuf.ts';
import { type CApi, openCApi, type Pointer, withStatus } from './c-api.ts';
import { CLUSTER_JOB, type ClusterMember, configProto, type SessionOptions } from './config-proto.ts';
import { keepToInterface } from './listening-socket.ts';

/** TensorFlow's server of this process: other processes of the cluster exchange tensors with it. */
export interface ClusterServer {
  /** What a session is pointed at to compute as part of the cluster. */
  readonly target: string;
  /** The network interface it takes connections from; null where that could not be narrowed down, and it takes them from all. */
  readonly listensOn: string | null;
}

/** Field numbers of tensorflow/core/protobuf/tensorflow_server.proto and cluster.proto. */
const SERVER = { cluster: 1, job: 2, task: 3, sessionConfig: 4, protocol: 5 };
const CLUSTER = { job: 1 };
const JOB = { name: 1, tasks: 2 };
const MAP_ENTRY = { key: 1, value: 2 };

/** Options of the server's devices, which all its sessions share. */
export type ClusterOptions = SessionOptions & { readonly cluster: ClusterMember };

/** TensorFlow cannot stop a server: it lives as long as its process, and a process has one. */
let started: (ClusterServer & { readonly key: string }) | undefined;

/**
 * The server of this process in a cluster, started at the first call. TensorFlow's server listens on every address of the machine and asks
 * nobody who they are; on Linux it is narrowed down to the interface of its own address before it answers.
 *
 * @throws StudioError 'conflict' when its port is taken; 'internal' when the process is another member already.
 */
export function clusterServer(library: string, options: ClusterOptions): ClusterServer {
  const { addresses, task, listensOn } = options.cluster;
  const key = JSON.stringify([addresses, task]);
  if (started !== undefined) {
    if (started.key === key) return started;
    throw new StudioError('internal', 'This process belongs to another cluster already.', {
      hint: 'A process takes part in one cluster; start another engine.',
    });
  }
  const api = openCApi(library);
  const server = newServer(api, options);
  // Nothing is answered before the start: nobody can have spoken with it by then.
  const { host, port } = parseNetworkAddress(addresses[task]!);
  const device = keepToInterface(listensOn ?? host, port);
  withStatus(api, 'start its server', (status) => api.startServer(server, status));
  started = { key, target: api.serverTarget(server), listensOn: device };
  return started;
}

function newServer(api: CApi, options: ClusterOptions): Pointer {
  const address = options.cluster.addresses[options.cluster.task]!;
  const definition = encodeServer(options);
  try {
    return withStatus(api, `listen on ${address}`, (status) => api.newServer(definition, definition.length, status));
  } catch (error) {
    throw new StudioError('conflict', (error as Error).message, {
      hint: 'The port may be another program’s: give the worker another one for TensorFlow.',
      commandLine: 'worker --tensorflow-port PORT',
      cause: error,
    });
  }
}

/** A serialised `ServerDef`. */
export function encodeServer(options: ClusterOptions): Uint8Array<ArrayBuffer> {
  const { addresses, task } = options.cluster;
  const tasks = addresses.map((address, index) =>
    field(JOB.tasks, message(integerField(MAP_ENTRY.key, index), field(MAP_ENTRY.value, address))),
  );
  const job = message(field(JOB.name, CLUSTER_JOB), tasks);
  const definition = message(
    field(SERVER.cluster, message(field(CLUSTER.job, job))),
    field(SERVER.job, CLUSTER_JOB),
    integerField(SERVER.task, task),
    field(SERVER.sessionConfig, configProto(options)),
    field(SERVER.protocol, 'grpc'),
  );
  return Uint8Array.from(Buffer.concat(definition.chunks));
}
