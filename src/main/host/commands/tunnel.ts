import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { StudioError } from '#shared/errors.ts';
import { clusterSecretFile } from '../cluster/secret.ts';
import { tunnelsTo, type TunneledMachine } from '../cluster/tunnel.ts';
import type { CommandContext } from './context.ts';
import type { Register } from './register.ts';
import { positiveInteger } from './values.ts';

interface TunnelOptions {
  readonly firstPort: number;
  readonly print: boolean;
}

export const registerTunnelCommand: Register = (program, action) => {
  program
    .command('tunnel')
    .description('join machines by SSH, so that their workers need no open port; stays until Ctrl-C')
    .argument('<hosts...>', 'machines, as ssh knows them')
    .option('--first-port <port>', 'of the first machine’s worker', positiveInteger, 7070)
    .option('--print', 'only say what would be run', false)
    .action(
      action(async (context, { firstPort, print }: TunnelOptions, ...hosts: string[]) => {
        const machines = tunnelsTo(hosts.flat(), firstPort);
        const document = { machines, cluster: machines.map(({ address }) => address).join() };
        if (print) return context.result(document, instructions(machines, true));
        context.progress.line(instructions(machines, false));
        await holdOpen(context, machines);
        context.result(document, 'The tunnels are closed.');
      }),
    );
};

function instructions(machines: readonly TunneledMachine[], withTunnels: boolean): string {
  const cluster = machines.map(({ address }) => address).join();
  return [
    ...(withTunnels ? machines.map(({ ssh }) => `ssh ${ssh.join(' ')}`) : []),
    ...machines.map(({ host, worker }) => `on ${host}: ${worker}`),
    `here: face2exp train --cluster ${cluster} …`,
    `All need the same secret: ${clusterSecretFile()}, or FACE2EXP_CLUSTER_SECRET.`,
  ].join('\n');
}

/** Settles at Ctrl-C. @throws StudioError 'unavailable' that names the machine whose tunnel broke. */
async function holdOpen(context: CommandContext, machines: readonly TunneledMachine[]): Promise<void> {
  const tunnels: ChildProcess[] = [];
  const stopped = new Promise<void>((resolve) => (context.onInterrupt = () => resolve()));
  try {
    const broken = machines.map(async ({ host, ssh }) => {
      const tunnel = spawn('ssh', ssh, { stdio: ['inherit', 'ignore', 'inherit'] });
      tunnels.push(tunnel);
      const [code] = (await Promise.race([once(tunnel, 'exit'), once(tunnel, 'error')])) as [number | Error | null];
      const why = code instanceof Error ? code.message : `ssh ended with ${code}`;
      throw new StudioError('unavailable', `The tunnel to ${host} is gone: ${why}.`, {
        hint: 'Its own words are above. Runs on these workers are at their last checkpoint.',
      });
    });
    await Promise.race([stopped, ...broken]);
  } finally {
    for (const tunnel of tunnels) tunnel.kill();
  }
}
