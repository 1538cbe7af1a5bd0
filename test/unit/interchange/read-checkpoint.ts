import { serializeError } from '#shared/errors.ts';
import { openCheckpointFile } from '#main/interchange/checkpoint-file.ts';

/** Reads a checkpoint in a process of its own and prints what came of it, how long it took, and the most memory the process ever had. */
const start = performance.now();
let error: unknown = null;
try {
  const file = await openCheckpointFile(process.argv[2]!);
  for (const tensor of file.tensors) await tensor.read();
  await file.close();
} catch (thrown) {
  error = serializeError(thrown);
}
const milliseconds = performance.now() - start;
process.stdout.write(JSON.stringify({ error, milliseconds, peakMebibytes: process.resourceUsage().maxRSS / 1024 }));
