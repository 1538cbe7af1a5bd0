import { type KnownWorker, type WorkerLook, knownWorkerSchema } from '#shared/workers.ts';
import { StudioError } from '#shared/errors.ts';
import type { CommandContext } from './context.ts';
import { formatTable } from './output.ts';
import type { Register } from './register.ts';

/** workers list, workers add, workers remove, workers look. */
export const registerWorkersCommands: Register = (program, action) => {
  const workers = program.command('workers').description('the workers that this workspace knows');

  workers
    .command('list')
    .description('their addresses and names')
    .action(
      action(async (context) => {
        const { client } = await context.connect();
        tell(context, await client.workers.list.query());
      }),
    );

  workers
    .command('add')
    .description('remember a worker, so that forms offer it; whether it is there now is for `look`')
    .argument('<address>', 'HOST:PORT')
    .option('--name <name>', 'what to call it')
    .action(
      action(async (context, { name = '' }: { name?: string }, address) => {
        const worker = knownWorkerSchema.safeParse({ address, name });
        if (!worker.success) {
          throw new StudioError('usage', worker.error.issues[0]!.message, {
            hint: 'Such as `workers add gpu-1:7070`.',
          });
        }
        const { client } = await context.connect();
        tell(context, await client.workers.add.mutate(worker.data));
      }),
    );

  workers
    .command('remove')
    .description('forget a worker; it goes on where it runs')
    .argument('<worker>', 'its address or its name')
    .action(
      action(async (context, _options, worker) => {
        const { client } = await context.connect();
        tell(context, await client.workers.remove.mutate({ worker: worker! }));
      }),
    );

  workers
    .command('look')
    .description('whether they are there, and what they compute with; one that works is left alone')
    .argument('[workers...]', 'addresses or names; without any, all that are known')
    .action(
      action(async (context, _options, ...names) => {
        const { client } = await context.connect();
        const known = await client.workers.list.query();
        const wanted = names.flat() as string[];
        const chosen = wanted.length === 0 ? known : wanted.map((name) => workerOf(name, known));
        const looks = await Promise.all(
          chosen.map(async (worker) => ({
            ...worker,
            look: await client.workers.look.query({ address: worker.address }),
          })),
        );
        const rows = looks.map(({ address, name, look }) => [address, name, look.state, lookText(look)]);
        const text = looks.length === 0 ? NONE : formatTable(['address', 'name', 'state', 'about it'], rows);
        context.result(looks, text);
      }),
    );
};

const NONE = 'No workers are known. `workers add HOST:PORT` remembers one.';

function tell(context: CommandContext, workers: readonly KnownWorker[]): void {
  const rows = workers.map(({ address, name }) => [address, name]);
  context.result(workers, workers.length === 0 ? NONE : formatTable(['address', 'name'], rows));
}

/** A worker that is known by its name, or any by its address. @throws StudioError 'not-found'. */
function workerOf(text: string, known: readonly KnownWorker[]): KnownWorker {
  const found = known.find(({ address, name }) => address === text || (name !== '' && name === text));
  if (found !== undefined) return found;
  const other = knownWorkerSchema.safeParse({ address: text });
  if (other.success) return other.data;
  throw new StudioError('not-found', `No worker is called “${text}”.`, {
    hint: 'Write its address, HOST:PORT, or a name that `workers list` lists.',
  });
}

function lookText(look: WorkerLook): string {
  switch (look.state) {
    case 'ready':
      return `${look.hostName}: TensorFlow ${look.runtime.version} on ${look.runtime.deviceName}`;
    case 'busy':
      return look.work;
    default:
      return [look.problem.message, look.problem.hint ?? ''].join(' ').trim();
  }
}
