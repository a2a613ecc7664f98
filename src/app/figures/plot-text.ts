/** Words of a user's in a Plotly figure. */

/** Plotly reads tags and entities in every text it draws: words from outside are made to be read as they stand. */
export const plotText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The lines of a text as Plotly breaks them. */
export const plotLines = (text: string): string => text.replaceAll('\n', '<br>');
