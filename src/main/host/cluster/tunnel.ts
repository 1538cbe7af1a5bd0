import { StudioError } from '#shared/errors.ts';

/** First port of the first machine's worker; each takes two, one for hosts and one for TensorFlow. */
const FIRST_PORT = 7070;
const PORTS_OF_A_MACHINE = 10;

/** One machine of a cluster whose workers listen on loopback alone and meet through tunnels. */
export interface TunneledMachine {
  /** As ssh knows it: a name, USER@HOST, or an entry of its configuration. */
  readonly host: string;
  /** The worker's address, on this machine and through the tunnels on every other. */
  readonly address: string;
  /** What is run here, and stays: machine and host see each other's workers as their own. */
  readonly ssh: readonly string[];
  /** What is run there. */
  readonly worker: string;
}

/**
 * SSH tunnels that join machines: from here to each, its worker's ports come here, and those of all others go there. Every machine then has every
 * worker at the same loopback address, and what travels is encrypted; it all passes through this machine.
 *
 * @throws StudioError 'usage' for a name that ssh would take for a flag, or one that is given twice.
 */
export function tunnelsTo(hosts: readonly string[], firstPort = FIRST_PORT): TunneledMachine[] {
  for (const host of hosts) {
    if (/^[\w][\w.@:-]*$/.test(host)) continue;
    throw new StudioError('usage', `“${host}” is no name of a machine.`, {
      hint: 'Write HOST or USER@HOST, as for ssh.',
    });
  }
  if (new Set(hosts).size !== hosts.length) throw new StudioError('usage', 'A machine is named twice.');
  const ports = hosts.map((_, index) => {
    const port = firstPort + PORTS_OF_A_MACHINE * index;
    return [port, port + 1];
  });
  return hosts.map((host, index) => {
    const here = ports[index]!.flatMap((port) => ['-L', forward(port)]);
    const there = ports
      .filter((_, other) => other !== index)
      .flat()
      .flatMap((port) => ['-R', forward(port)]);
    const address = `127.0.0.1:${ports[index]![0]}`;
    return {
      host,
      address,
      ssh: ['-N', '-T', '-o', 'ExitOnForwardFailure=yes', '-o', 'ServerAliveInterval=5', ...here, ...there, host],
      worker: `face2exp worker --listen ${address}`,
    };
  });
}

/** A port at both ends, reached from loopback alone. */
function forward(port: number): string {
  return `127.0.0.1:${port}:127.0.0.1:${port}`;
}
