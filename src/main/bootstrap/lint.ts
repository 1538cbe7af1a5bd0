import { spawnSync } from 'node:child_process';
import { SOURCE_CHECKS } from './checks.ts';

/** `npm run lint`: all checks of the sources, going on after one that fails. */
const failed = SOURCE_CHECKS.filter(
  ({ command }) => spawnSync(process.execPath, command, { stdio: 'inherit' }).status !== 0,
);
if (failed.length > 0) {
  process.stderr.write(`Failed: ${failed.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 1;
}
