// The way in of every npm script: `node src/main/bootstrap/run.mjs COMMAND …`. It imports nothing, so that even a Node too old for the
// rest gets as far as the sentence below.
const OLDEST_NODE = 20;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  console.error(`Face2Exp Studio needs Node ${OLDEST_NODE} or newer to start; this is Node ${process.versions.node}.`);
  console.error('Install a current Node.js and run the command again.');
  process.exitCode = 1;
} else {
  import('./commands.mjs').then(({ runCommand }) => runCommand(process.argv.slice(2)));
}
