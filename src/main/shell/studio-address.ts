export const STUDIO_SCHEME = 'studio';
export const STUDIO_HOST = 'app';
export const STUDIO_HOME = `${STUDIO_SCHEME}://${STUDIO_HOST}/`;

/** First part of the path of every place in the window; a link to anything else is not followed. */
const PLACES: ReadonlySet<string> = new Set(['', 'data', 'runs', 'labels', 'predict', 'evaluate', 'settings']);

/** Whether an address, or an origin, is the window's own. */
export function isStudioAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  // `origin` is "null" for a scheme that the URL standard does not know, so its parts are compared.
  return url.protocol === `${STUDIO_SCHEME}:` && url.host === STUDIO_HOST && url.username === '' && url.password === '';
}

/**
 * The address to open for a link that another program has handed over, or null when it leads to no place of the window.
 *
 * The link is untrusted: its path and query are kept, anything else is dropped.
 */
export function placeOfLink(link: string): string | null {
  if (!isStudioAddress(link)) return null;
  const { pathname, search } = new URL(link);
  const [, place = ''] = pathname.split('/');
  return PLACES.has(place) ? `${STUDIO_SCHEME}://${STUDIO_HOST}${pathname || '/'}${search}` : null;
}

/** The first followable link among the arguments of a process: how Windows and Linux hand links over. */
export function placeInArguments(processArguments: readonly string[]): string | null {
  return processArguments.map(placeOfLink).find((place) => place !== null) ?? null;
}
