/** How a link is told from any other fragment, without what it takes to read one. */

/** Start of the fragment of every link, whatever its version. */
export const LINK_PREFIX = '#/x/';

/** True for the fragment of a link of any version, whole or not. */
export function isLink(fragment: string): boolean {
  return fragment.startsWith(LINK_PREFIX);
}
