import { appendFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';

/**
 * A host as the shell sees it, in the ways one can behave: `node fake-host.mjs BEHAVIOUR SOCKET LOG`. Each start and each orderly end is a
 * line in LOG.
 */
const [, , behaviour, socket = '', log = ''] = process.argv;
appendFileSync(log, 'started\n');

const announce = () => process.stdout.write(`${JSON.stringify({ socket, token: 'secret' })}\n`);
const end = () => {
  appendFileSync(log, 'ended\n');
  process.exit(0);
};

switch (behaviour) {
  case 'listen': {
    const server = createServer((request, response) => {
      if (request.url === '/crash') process.kill(process.pid, 'SIGKILL');
      response.end(`${request.headers.authorization} ${request.url}`);
    });
    rmSync(socket, { force: true }); // left over when the one before was killed
    server.listen(socket, announce);
    process.stdin.on('end', end).resume();
    break;
  }
  case 'crash-when-listening':
    announce();
    process.stderr.write('a line before the crash\n');
    setTimeout(() => process.exit(3), 20);
    break;
  case 'refuse':
    process.stderr.write('The workspace is open in another studio.\nUse its window.\n');
    process.exit(1);
    break;
  case 'babble':
    process.stdout.write('hello\n');
    process.stdin.resume();
    break;
  case 'deaf':
    announce();
    setInterval(() => undefined, 1000);
    break;
  default:
    throw new Error(`unknown behaviour ${behaviour}`);
}
