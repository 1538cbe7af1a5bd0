import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findOwnNode } from '../../../src/main/bootstrap/own-node.mjs';
import {
  type Installation,
  hostCommand,
  rootAbove,
  windowDataDirectory,
  workspaceDirectory,
} from '../../../src/main/shell/installation.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[/\\]$/, '');
const CHECKOUT: Installation = { root: ROOT, resources: null, documents: '/home/ada/Documents' };
const PACKAGED: Installation = {
  root: '/opt/studio/resources/app.asar',
  resources: '/opt/studio/resources',
  documents: '/home/ada/Documents',
};

test('the root is found from the sources and from the bundle', () => {
  expect(rootAbove(join(ROOT, 'src', 'main', 'shell'))).toBe(ROOT);
  expect(rootAbove(join(ROOT, 'out', 'main'))).toBe(ROOT);
});

test('in the checkout the host runs from its sources, on the Node that everything else there runs on', () => {
  const command = hostCommand(CHECKOUT, '/faces');
  expect(command.program).toBe(findOwnNode(ROOT));
  expect(existsSync(command.arguments[0]!)).toBe(true);
  expect(command.arguments.slice(1)).toEqual(['host', '--workspace', '/faces']);
});

test('a packaged host lies beside the archive, with the packaged Node', () => {
  const { program, arguments: programArguments } = hostCommand(PACKAGED, '/faces');
  expect(program).toMatch(/^\/opt\/studio\/resources\/node\/bin\/node(\.exe)?$/);
  expect(programArguments[0]).toBe('/opt/studio/resources/app.asar.unpacked/src/main/host/cli.ts');
});

test('the host takes no code from NODE_OPTIONS', () => {
  process.env['NODE_OPTIONS'] = '--require=/tmp/foreign.cjs';
  try {
    expect(hostCommand(CHECKOUT, '/faces').environment).not.toHaveProperty('NODE_OPTIONS');
  } finally {
    delete process.env['NODE_OPTIONS'];
  }
});

test('the workspace is the one named, by argument before environment, else the usual one', () => {
  const named = ['--no-sandbox', '.', '--workspace', '/from/argument', 'studio://app/data'];
  expect(workspaceDirectory(CHECKOUT, named, { FACE2EXP_WORKSPACE: '/from/environment' })).toBe('/from/argument');
  expect(workspaceDirectory(CHECKOUT, ['.'], { FACE2EXP_WORKSPACE: '/from/environment' })).toBe('/from/environment');
  expect(workspaceDirectory(CHECKOUT, ['.'], {})).toBe(join(ROOT, 'workspace'));
  expect(workspaceDirectory(PACKAGED, [], {})).toBe('/home/ada/Documents/Face2Exp Studio');
});

test('each workspace has a window memory of its own', () => {
  const first = windowDataDirectory('/home/ada/.config', '/faces');
  expect(first).toBe(windowDataDirectory('/home/ada/.config', '/faces'));
  expect(first).not.toBe(windowDataDirectory('/home/ada/.config', '/other'));
  expect(first.startsWith('/home/ada/.config/Face2Exp Studio/')).toBe(true);
});
