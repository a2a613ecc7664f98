/** What @types/plotly.js lacks of the functions that the figures call. */
import 'plotly.js';

declare module 'plotly.js' {
  export const Fx: {
    hover(
      div: HTMLElement,
      event: { curveNumber: number; pointNumber: number }[] | { xval: number; yval: number },
      subplot?: string,
    ): void;
    unhover(div: HTMLElement): void;
  };
}
