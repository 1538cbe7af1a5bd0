import { resolveConfig } from 'electron-vite';
import { build } from 'vite';

/**
 * Builds the pages into out/ and again whenever a source of theirs changes, for a host that serves them. (electron-vite itself watches only
 * together with Electron.) Runs until it is ended.
 */
const { config } = await resolveConfig({}, 'build', 'development');
if (config?.renderer === undefined) throw new Error('electron.vite.config.ts has no renderer.');
await build({ ...config.renderer, clearScreen: false, build: { ...config.renderer.build, watch: {} } });
