import { capture } from '../../tensorflow/capture/capture.ts';
import type { Precision } from '../../tensorflow/capture/config-proto.ts';
import { GraphSession } from '../../tensorflow/capture/session.ts';
import type { StepExecutor } from '../../training/executor.ts';

/** Runs steps as graphExecutor does, in a precision of the benchmark's choice. */
export function precisionExecutor(library: string, precision: Precision): StepExecutor {
  const session = new GraphSession(library, { precision });
  return {
    prepare(step) {
      const captured = capture(session, step);
      return {
        run: async (feeds) => {
          const fetched = await captured.run(feeds);
          return Object.fromEntries(
            Object.entries(fetched).map(([name, value]) => [name, (value as { data: Float32Array }).data]),
          ) as never;
        },
      };
    },
    readVariables: (variables) => session.readVariables(variables),
    writeVariables: (variables) => session.writeVariables(variables),
    close: () => session.close(),
  };
}
