/** The few parts of Plotly that the figures call. The package brings no types. */
declare module 'plotly.js-cartesian-dist-min' {
  export interface GraphDiv extends HTMLElement {
    data: unknown[];
    layout: Record<string, unknown>;
    on(event: string, handler: (event: unknown) => void): void;
  }
  interface Plotly {
    react(div: HTMLElement, figure: { data: unknown[]; layout: unknown; config?: unknown }): Promise<GraphDiv>;
    restyle(div: HTMLElement, update: Record<string, unknown>, traces?: number[]): Promise<GraphDiv>;
    purge(div: HTMLElement): void;
    toImage(
      figure: HTMLElement | { data: unknown[]; layout: Record<string, unknown> },
      options: { format: 'png' | 'svg'; width?: number; height?: number; scale?: number },
    ): Promise<string>;
    Fx: {
      hover(
        div: HTMLElement,
        event: { curveNumber: number; pointNumber: number }[] | { xval: number; yval: number },
        subplot?: string,
      ): void;
      unhover(div: HTMLElement): void;
    };
  }
  const Plotly: Plotly;
  export default Plotly;
}
