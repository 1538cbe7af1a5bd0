import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { StudioError } from '#shared/errors.ts';

const VARIABLE = 'FACE2EXP_CLUSTER_SECRET';
const SHORTEST = 16;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a person's secret is kept: on machines that share home folders it is the same one everywhere. */
export function clusterSecretFile(environment: Environment = process.env): string {
  const folder = environment['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(folder, 'face2exp-studio', 'cluster-secret');
}

/**
 * What a host and its workers know and nobody else: FACE2EXP_CLUSTER_SECRET, else the file of {@link clusterSecretFile}, which is made, for
 * its owner's eyes alone, when it is not there.
 * @throws StudioError 'usage' for one that could be guessed.
 */
export function clusterSecret(environment: Environment = process.env): string {
  const given = environment[VARIABLE];
  if (given !== undefined) return checked(given, VARIABLE);
  const file = clusterSecretFile(environment);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return checked(readFileSync(file, 'utf8').trim(), file);
}

function checked(secret: string, place: string): string {
  if (secret.length >= SHORTEST) return secret;
  throw new StudioError('usage', `${place} holds ${secret.length} characters: too few for a secret.`, {
    hint: `Take at least ${SHORTEST}, such as those of \`openssl rand -base64 24\`.`,
  });
}

/** Whether a request's header holds the secret; takes as long whatever the difference. */
export function isAuthorized(header: string | undefined, secret: string): boolean {
  const [given, expected] = [Buffer.from(header ?? ''), Buffer.from(`Bearer ${secret}`)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
