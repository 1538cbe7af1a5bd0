import { join } from 'node:path';

/** Files of a SavedModel's folder. */
export const MODEL_FILE = 'saved_model.pb';
export const EXTRA_FOLDER = 'assets.extra';
/** The studio's own: what else a user of the network should know. */
export const METADATA_FILE = join(EXTRA_FOLDER, 'network.json');
