/** How a link is told from any other fragment, without what it takes to read one. */

/** Start of the fragment of every link, whatever its version. */
export const LINK_PREFIX = '#/x/';

/** What stands before the digest of a link of this version. */
export const separatorOf = (version: number): '~' | '/' => (version === 1 ? '~' : '/');

/** True for the fragment of a link of any version, whole or not. */
export function isLink(fragment: string): boolean {
  return fragment.startsWith(LINK_PREFIX);
}

/** True for the fragment of a link, whole or not, escaped or not. */
export function looksLikeLink(fragment: string): boolean {
  return isLink(fragment) || /^#(?:\/|%2f)x(?:\/|%2f)\d/i.test(fragment);
}
