import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { peakResidentBytes } from '#main/bench/process-memory.ts';

const MEBIBYTE = 2 ** 20;

/** Holds `mebibytes`, gives them back, says so, and waits; a child of its own does the same with as much. */
const PROGRAM = `
const { spawn } = require('node:child_process');
const mebibytes = Number(process.argv[1]);
let held = Buffer.alloc(mebibytes * 2 ** 20, 1);
held = null;
if (process.argv[2] === 'alone') console.log('ready');
else spawn(process.execPath, ['-e', process.env.PROGRAM, String(mebibytes), 'alone'], { stdio: 'inherit' });
process.stdin.resume();
`;

test.runIf(process.platform === 'linux')(
  'memory that was given back counts, and so does that of children',
  async () => {
    const environment = { ...process.env, PROGRAM };
    const child = spawn(process.execPath, ['-e', PROGRAM, '150'], { stdio: 'pipe', env: environment });
    await once(child.stdout, 'data');
    const peak = peakResidentBytes(child.pid!)!;
    expect(peak).toBeGreaterThan(300 * MEBIBYTE);
    expect(peak).toBeLessThan(600 * MEBIBYTE);
    child.stdin.end();
    await once(child, 'close');
    expect(peakResidentBytes(child.pid!)).toBeNull();
  },
);

test.runIf(process.platform !== 'linux')('other systems do not tell', () => {
  expect(peakResidentBytes(process.pid)).toBeNull();
});
