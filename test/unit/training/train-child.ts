import { readFileSync } from 'node:fs';
import type { TrainingManifest } from '#shared/training.ts';
import { runSmall, smallConfig } from './small-run.ts';

/** Trains the small run in the folder named first, with the manifest in the file named second, in a process that can be killed. */
const [directory, manifestFile] = process.argv.slice(2) as [string, string];
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as TrainingManifest;
const { outcome } = await runSmall(smallConfig({ totalSteps: 24 }), manifest, directory);
process.stdout.write(JSON.stringify(outcome));
