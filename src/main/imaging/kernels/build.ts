import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Compiles resize.as into generated.ts. The compiler is fetched for this alone: the kernels seldom change, and the studio needs only what
 * comes of them. A test fails when generated.ts was made from another resize.as.
 */

const COMPILER = 'assemblyscript@0.28.20';

const sourcePath = join(import.meta.dirname, 'resize.as');
const source = readFileSync(sourcePath);
const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
try {
  // The compiler takes no other extension.
  const input = join(folder, 'resize.ts');
  const output = join(folder, 'resize.wasm');
  writeFileSync(input, source);
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '-o', output];
  execFileSync('npx', ['--yes', '--package', COMPILER, 'asc', input, ...flags], { stdio: 'inherit' });
  writeFileSync(join(import.meta.dirname, 'generated.ts'), generatedModule(readFileSync(output)));
} finally {
  rmSync(folder, { recursive: true });
}

function generatedModule(binary: Buffer): string {
  const lines = binary.toString('base64').match(/.{1,110}/g)!;
  return [
    '/** Made by build.ts from resize.as: do not edit. */',
    '',
    '/** SHA-256 of the source. */',
    `export const SOURCE_DIGEST = '${createHash('sha256').update(source).digest('hex')}';`,
    '',
    '/** The WebAssembly module, in base64. */',
    'export const MODULE =',
    `${lines.map((line) => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}
