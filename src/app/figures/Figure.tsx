/**
 * The frame of every figure: title and switches, the drawing, a caption sentence, the
 * data as a table, a keyboard cursor that reads the points out, and export.
 */
import { lazy, Suspense, useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { csvOf, downloadText, downloadUrl, type Table } from './export';
import type { PlotHandle, PlotPoint } from './PlotView';
import { whenIdle } from './idle';
import { useWords } from '../state/text';

const PlotView = lazy(() => import('./PlotView'));

/** What the keyboard cursor walks over: left and right along a series, up and down between series. */
export interface CursorSeries {
  name: string;
  points: { label: string; x?: number; y?: number }[];
  /** Trace of the plot whose points these are, to show the hover label there. */
  curve?: number;
}

export interface FigureProps {
  /** Name of exported files. */
  name: string;
  title: string;
  /** One sentence: what is drawn, and how to read it. */
  caption: ReactNode;
  table: Table;
  cursor: CursorSeries[];
  /** Called as the cursor moves; null when it leaves. */
  onCursor?: (series: number | null, point: number) => void;
  /** Enter at the cursor. */
  onPick?: (series: number, point: number) => void;
  /** What Enter does, for the instruction read to assistive technology. */
  pickHint?: string;
  tools?: ReactNode;
  legend?: ReactNode;
  plot?: {
    data: unknown[];
    layout: Record<string, unknown>;
    height: number;
    onClick?: (point: PlotPoint) => void;
    onReady?: (handle: PlotHandle) => void;
  };
  /** A figure drawn with elements instead of Plotly. */
  children?: ReactNode;
  className?: string;
}

const KEYS: Record<string, [number, number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export function Figure(props: FigureProps) {
  const words = useWords();
  const { name, title, caption, table, cursor, plot, children, tools, legend, className } = props;
  const id = useId();
  const menu = useId();
  const handle = useRef<PlotHandle | null>(null);
  const [showTable, setShowTable] = useState(false);
  const [at, setAt] = useState<[number, number] | null>(null);
  const shown = at && cursor[at[0]]?.points[at[1]] ? at : null;

  function move(next: [number, number] | null): void {
    setAt(next);
    props.onCursor?.(next ? next[0] : null, next ? next[1] : 0);
    if (!handle.current) return;
    const series = next ? cursor[next[0]] : null;
    const point = series && next ? series.points[next[1]] : null;
    if (!point || !next || !series) handle.current.unhover();
    else if (series.curve !== undefined) handle.current.hover(series.curve, next[1]);
    else if (point.x !== undefined && point.y !== undefined) handle.current.hoverAt(point.x, point.y);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.target !== event.currentTarget || cursor.length === 0) return;
    const [s, p] = shown ?? [0, -1];
    const step = KEYS[event.key];
    if (step) {
      const series = clamp(s + (cursor.length > 1 ? step[0] : 0), cursor.length);
      const along = step[1] + (cursor.length > 1 ? 0 : step[0]);
      move([series, clamp(shown ? p + along : 0, cursor[series].points.length)]);
    } else if (event.key === 'Home') move([s, 0]);
    else if (event.key === 'End') move([s, cursor[s].points.length - 1]);
    else if (event.key === 'Escape') move(null);
    else if (event.key === 'Enter' && shown && props.onPick) props.onPick(shown[0], shown[1]);
    else return;
    event.preventDefault();
  }

  async function saveImage(format: 'png' | 'svg'): Promise<void> {
    if (handle.current) downloadUrl(await handle.current.image(format, title), `${name}.${format}`);
  }

  const point = shown ? cursor[shown[0]].points[shown[1]] : null;
  const label = props.pickHint
    ? words.text('figures.label-pick', { title, pick: props.pickHint })
    : words.text('figures.label', { title });
  return (
    <figure className={`figure ${className ?? ''}`} aria-labelledby={id}>
      <div className="figure-head">
        <h3 id={id}>{title}</h3>
        {tools}
        <div className="figure-actions">
          <button type="button" className="quiet" aria-pressed={showTable} onClick={() => setShowTable(!showTable)}>
            {words.text('figures.data')}
          </button>
          <button type="button" className="quiet" popoverTarget={menu}>
            {words.text('figures.export')}
          </button>
          <div id={menu} popover="auto" className="menu">
            <button type="button" onClick={() => downloadText(csvOf(table), `${name}.csv`, 'text/csv')}>
              {words.text('figures.csv')}
            </button>
            {plot && (
              <button type="button" onClick={() => void saveImage('svg')}>
                {words.text('figures.svg')}
              </button>
            )}
            {plot && (
              <button type="button" onClick={() => void saveImage('png')}>
                {words.text('figures.png')}
              </button>
            )}
          </div>
        </div>
      </div>
      {legend}
      <div
        className="figure-body"
        tabIndex={0}
        role="group"
        aria-roledescription={words.text('figures.role')}
        aria-label={label}
        onKeyDown={onKeyDown}
        onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && at && move(null)}
      >
        {plot ? <PlotFrame plot={plot} onHandle={(value) => (handle.current = value)} /> : children}
        <p className="figure-readout" aria-live="polite">
          {point?.label}
        </p>
      </div>
      <figcaption>{caption}</figcaption>
      {showTable && <DataTable table={table} title={title} />}
    </figure>
  );
}

const clamp = (value: number, length: number): number => Math.max(0, Math.min(length - 1, value));

/** Keeps the place of the drawing until it is in sight, the page is idle and its width is known. */
function PlotFrame({
  plot,
  onHandle,
}: {
  plot: NonNullable<FigureProps['plot']>;
  onHandle: (handle: PlotHandle) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [due, setDue] = useState(false);
  useEffect(() => {
    const element = frame.current!;
    const sizes = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    sizes.observe(element);
    let cancelIdle: (() => void) | null = null;
    const sight = new IntersectionObserver(
      ([entry]) => {
        if (!entry.isIntersecting) return;
        sight.disconnect();
        cancelIdle = whenIdle(() => setDue(true));
      },
      { rootMargin: '240px' },
    );
    sight.observe(element);
    return () => {
      sizes.disconnect();
      sight.disconnect();
      cancelIdle?.();
    };
  }, []);
  // New data is drawn in an idle period of its own: several figures may change with one result.
  const [drawn, setDrawn] = useState(plot);
  useEffect(
    () => (plot.data === drawn.data && plot.layout === drawn.layout ? undefined : whenIdle(() => setDrawn(plot))),
    [plot, drawn],
  );
  const { data, layout, height } = drawn;
  const { onClick, onReady } = plot;
  return (
    <div ref={frame} className="plot-frame" style={{ height }}>
      {due && width > 0 && (
        <Suspense fallback={null}>
          <PlotView
            data={data}
            layout={layout}
            width={width}
            height={height}
            onPick={onClick}
            onReady={(handle) => {
              onHandle(handle);
              onReady?.(handle);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function DataTable({ table, title }: { table: Table; title: string }) {
  const words = useWords();
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={words.text('figures.data-of', { title })}>
      <table className="data">
        <thead>
          <tr>
            {table.head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, i) => (
            <tr key={i}>
              {row.map((value, j) => (
                <td key={j} className={typeof value === 'number' ? 'num' : undefined}>
                  {typeof value === 'number' ? Number(value.toPrecision(5)) : value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
