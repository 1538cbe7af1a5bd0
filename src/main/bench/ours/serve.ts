import { createInterface } from 'node:readline';
import { serializeError } from '#shared/errors.ts';
import { type FromSide, type Ready, toSideSchema, type Workload } from '../protocol.ts';

/** A workload made ready. */
export interface PreparedWorkload extends Omit<Ready, 'kind'> {
  run(repetitions: number): Promise<void>;
  /** Milliseconds of the last run in exchanges with other processes; left out where there are none. */
  readonly exchangeMilliseconds?: () => number;
}

/** Speaks protocol.ts on standard input and output, until the input ends. */
export function serve(prepare: (workload: Workload) => Promise<PreparedWorkload>): void {
  let prepared: PreparedWorkload | undefined;
  const answer = async (line: string): Promise<FromSide> => {
    const message = toSideSchema.parse(JSON.parse(line));
    if (message.kind === 'prepare') {
      prepared = await prepare(message.workload);
      const { versions, parameters, note } = prepared;
      return { kind: 'ready', versions, parameters, note };
    }
    if (prepared === undefined) throw new Error('The benchmark was run before it was prepared.');
    const begun = performance.now();
    await prepared.run(message.repetitions);
    const milliseconds = performance.now() - begun;
    return { kind: 'ran', milliseconds, exchangeMilliseconds: prepared.exchangeMilliseconds?.() ?? 0 };
  };
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      answer(line).then(send, (error: unknown) => send({ kind: 'failed', error: serializeError(error) }));
    })
    // Whoever started it has ended, or needs it no more.
    .on('close', () => process.exit(0));
}

function send(message: FromSide): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
