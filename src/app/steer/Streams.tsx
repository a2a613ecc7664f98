/**
 * The continuations of all arms side by side at the measured stop nearest to the thumb. Every stream
 * keeps the room of its longest text, so nothing moves when the stop changes.
 */
import { memo, useMemo } from 'react';
import { ARMS, armSpec, type Arm, type ArmRole } from '../../experiment/arms';
import type { StopStreams, StreamToken } from '../../experiment/run';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import { nearestStop } from '../state/dose';
import { useLab, type StreamSet } from '../state/store';
import { ArmMark } from '../figures/ArmMark';
import { fixed, signed } from '../ui/format';
import { changedTokens } from '../figures/changed-tokens';

interface Props {
  set: StreamSet;
  /** Prompt of the bars; the prompt of the texts is named only where it differs. */
  axisPrompt: string;
  /** Every stop that is computed or on its way. */
  stops: readonly number[];
  working: boolean;
  /** Name of the ends of the concept, for the colour key. */
  negative: string;
  positive: string;
  /** Longest continuation, in tokens: the room that is kept before the texts are there. */
  maxNewTokens: number;
}

/** Arms that some stop has a text of: a run of an older version lacks the controls that came later. */
const armsIn = (set: StreamSet): Arm[] =>
  ARMS.filter((arm) => set.byStop.size === 0 || [...set.byStop.values()].some((streams) => streams.arms[arm]));

export function Streams({ set, axisPrompt, stops, working, negative, positive, maxNewTokens }: Props) {
  const stop = useLab((s) => nearestStop(stops, s.dose));
  const here = set.byStop.get(stop) ?? null;
  const any = here ?? set.byStop.values().next().value ?? null;
  const arms = useMemo(() => armsIn(set), [set]);
  const table = useMemo(() => tableOf(set), [set]);
  const sizers = useMemo(() => sizersOf(set, maxNewTokens), [set, maxNewTokens]);
  return (
    <Figure
      name="streams"
      className="streams-figure"
      title="Continuations"
      caption={
        <>
          Text at the measured stop nearest to the thumb. <span className="changed">Underlined</span>: not in the
          unsteered continuation of the same model. Shade: projection of the hidden state on the vector, in standard
          deviations.
        </>
      }
      table={table}
      cursor={arms.map((arm) => ({
        name: ARM_STYLES[arm].name,
        points: tokensOf(here ?? any, arm).map((token) => ({
          label: `${ARM_STYLES[arm].name}: “${token.text}”${token.projection === null ? '' : `, projection ${signed(token.projection)}`}`,
        })),
      }))}
      tools={
        <span className="streams-at">
          at r <b>{signed(stop)}</b>
        </span>
      }
      legend={
        <div className="projection-key">
          <span>{negative}</span>
          <i />
          <span>{positive}</span>
          <span className="streams-status" role="status">
            {working ? `${set.byStop.size} of ${stops.length} stops written` : ''}
          </span>
        </div>
      }
    >
      {set.prompt !== axisPrompt && (
        <p className="streams-prompt">
          <span>Prompt</span> {set.prompt}
        </p>
      )}
      <div className="streams" data-stop={stop}>
        {arms.map((arm) => {
          // The unsteered texts are the same at every stop: show them as soon as any stop is there.
          const source = armSpec(arm).base === null ? any : here;
          return <Stream key={arm} arm={arm} streams={source} sizer={sizers[arm]} stop={stop} />;
        })}
      </div>
    </Figure>
  );
}

/** Rows of the widest layout: CSS places by it. */
const WIDE_ORDER: Record<ArmRole, number> = {
  unsteered: 0,
  isotropic: 1,
  origin: 2,
  tested: 2,
  reference: 2,
  control: 3,
};

const tokensOf = (streams: StopStreams | null, arm: Arm): StreamToken[] => streams?.arms[arm] ?? [];
const textOf = (tokens: readonly StreamToken[]): string => tokens.map((token) => token.text).join('');

/** The longest text of each arm, laid out invisibly to keep its room. */
function sizersOf(set: StreamSet, maxNewTokens: number): Record<Arm, string> {
  const filler = 'word '.repeat(maxNewTokens);
  const longest = (arm: Arm): string => {
    const texts = [...set.byStop.values()].map((streams) => textOf(tokensOf(streams, arm)));
    return texts.reduce((best, text) => (text.length > best.length ? text : best), '') || filler;
  };
  return Object.fromEntries(ARMS.map((arm) => [arm, longest(arm)])) as Record<Arm, string>;
}

function tableOf(set: StreamSet): { head: string[]; rows: (string | number)[][] } {
  const stops = [...set.byStop.keys()].sort((a, b) => a - b);
  return {
    head: ['r', 'arm', 'text'],
    rows: stops.flatMap((stop) => armsIn(set).map((arm) => [stop, arm, textOf(tokensOf(set.byStop.get(stop)!, arm))])),
  };
}

const Stream = memo(function Stream({
  arm,
  streams,
  sizer,
  stop,
}: {
  arm: Arm;
  streams: StopStreams | null;
  sizer: string;
  stop: number;
}) {
  const style = ARM_STYLES[arm];
  const { base } = armSpec(arm);
  const tokens = tokensOf(streams, arm);
  const changed = useMemo(
    () =>
      base && streams
        ? changedTokens(
            tokensOf(streams, base).map((t) => t.id),
            tokensOf(streams, arm).map((t) => t.id),
          )
        : null,
    [arm, base, streams],
  );
  return (
    <article className="stream" data-testid={`stream-${arm}`} style={{ '--wide-order': WIDE_ORDER[armSpec(arm).role] }}>
      <h4 title={style.help}>
        <ArmMark arm={arm} />
        {style.name}
        {base && <span className="stream-dose">{signed(stop)}</span>}
      </h4>
      <div className="stream-text" style={{ '--arm': `var(${style.color})` }}>
        <p className="stream-sizer" aria-hidden="true">
          {sizer}
        </p>
        {streams ? (
          <p>
            {tokens.map((token, i) => (
              <Token key={i} token={token} first={i === 0} changed={changed?.[i] ?? false} />
            ))}
          </p>
        ) : (
          <p className="stream-pending">not written yet</p>
        )}
      </div>
    </article>
  );
});

/** Projections past this many standard deviations have the full shade. */
const FULL_SHADE = 2.5;

function Token({ token, first, changed }: { token: StreamToken; first: boolean; changed: boolean }) {
  const lean = token.projection === null ? 0 : Math.max(-1, Math.min(1, token.projection / FULL_SHADE));
  const shade =
    Math.abs(lean) < 0.2
      ? undefined
      : {
          backgroundColor: `color-mix(in oklab, var(${lean > 0 ? '--toward' : '--against'}) ${Math.round(Math.abs(lean) * 100)}%, transparent)`,
        };
  return (
    <span
      className={changed ? 'changed' : undefined}
      style={shade}
      title={token.projection === null ? undefined : `projection ${fixed(token.projection)}`}
    >
      {first ? token.text.trimStart() : token.text}
    </span>
  );
}
