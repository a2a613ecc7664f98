/** What two runs wrote, side by side: one arm at the measured stop nearest to a dose. */
import { useMemo, useState } from 'react';
import { ARMS, armSpec, isDosed, TESTED, type Arm } from '../../experiment/arms';
import type { Run, StopStreams } from '../../experiment/run';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import { nearestStop } from '../state/dose';
import { changedTokens } from '../figures/changed-tokens';
import { ArmMark } from '../figures/ArmMark';
import { signed } from '../ui/format';
import { RunLabel, LETTERS, type RunPair } from './RunLabel';

function streamsAt(run: Run, r: number): StopStreams | null {
  const stop = nearestStop(
    run.evidence.streams.map((streams) => streams.stop),
    r,
  );
  return run.evidence.streams.find((streams) => streams.stop === stop) ?? null;
}

/** True where the ids of both runs mean the same tokens: the tokenizer's file is the same. */
export function sameTokens(a: Run, b: Run, arm: Arm): boolean {
  const side = armSpec(arm).model;
  const digest = (run: Run): string | undefined =>
    run.models[side].digests.find(({ path }) => path.endsWith('tokenizer.json'))?.sha256;
  return digest(a) !== undefined && digest(a) === digest(b);
}

export function Texts({ runs }: RunPair) {
  const [a, b] = runs;
  const stops = useMemo(
    () => [...new Set(runs.flatMap((run) => run.evidence.streams.map(({ stop }) => stop)))].sort((x, y) => x - y),
    [runs],
  );
  const [arm, setArm] = useState<Arm>(TESTED);
  const [chosen, setChosen] = useState<number>(() => nearestStop(stops, a.evidence.verdict.chosenDose.r));
  const arms = useMemo(
    () => ARMS.filter((each) => runs.some((run) => run.evidence.streams.some((streams) => streams.arms[each]))),
    [runs],
  );
  const at = [streamsAt(a, chosen), streamsAt(b, chosen)] as const;
  const samePrompt = at[0]?.prompt === at[1]?.prompt;
  const comparable = samePrompt && at[0] !== null && at[1] !== null && sameTokens(a, b, arm);
  const changed = comparable
    ? changedTokens(
        (at[0]!.arms[arm] ?? []).map(({ id }) => id),
        (at[1]!.arms[arm] ?? []).map(({ id }) => id),
      )
    : null;
  const textOf = (streams: StopStreams | null, of: Arm): string =>
    streams?.arms[of]?.map(({ text }) => text).join('') ?? '';
  return (
    <Figure
      name="two-runs-texts"
      className="texts-figure"
      title="Continuations"
      caption={
        <>
          What {ARM_STYLES[arm].name.toLowerCase()} wrote{isDosed(arm) && ' at the measured stop nearest to the dose'}.{' '}
          {changed ? (
            <>
              <span className="changed">Underlined</span> in B: not in A.
            </>
          ) : samePrompt ? (
            'The runs do not use the same tokens, so differences are not marked.'
          ) : (
            'The runs continue different prompts, so differences are not marked.'
          )}
        </>
      }
      table={{
        head: ['run', 'r', 'arm', 'prompt', 'text'],
        rows: runs.flatMap((run, i) =>
          run.evidence.streams.flatMap((streams) =>
            arms.map((each) => [LETTERS[i], streams.stop, each, streams.prompt, textOf(streams, each)]),
          ),
        ),
      }}
      cursor={at.map((streams, i) => ({
        name: LETTERS[i],
        points: (streams?.arms[arm] ?? []).map(({ text }) => ({ label: `${LETTERS[i]}: “${text}”` })),
      }))}
      tools={
        <span className="texts-tools">
          <label>
            <span className="visually-hidden">Arm</span>
            <select value={arm} onChange={(event) => setArm(event.target.value as Arm)}>
              {arms.map((each) => (
                <option key={each} value={each}>
                  {ARM_STYLES[each].name}
                </option>
              ))}
            </select>
          </label>
          <label>
            at r{' '}
            <select
              value={String(chosen)}
              disabled={!isDosed(arm)}
              onChange={(event) => setChosen(Number(event.target.value))}
            >
              {stops.map((stop) => (
                <option key={stop} value={String(stop)}>
                  {signed(stop)}
                </option>
              ))}
            </select>
          </label>
        </span>
      }
    >
      <div className="texts-pair">
        {([0, 1] as const).map((i) => (
          <article key={i} style={{ '--arm': `var(${ARM_STYLES[arm].color})` }}>
            <h4>
              <RunLabel of={i} /> <ArmMark arm={arm} />{' '}
              {at[i] && isDosed(arm) && <span className="muted">r {signed(at[i].stop)}</span>}
            </h4>
            {at[i]?.arms[arm] ? (
              <>
                <p className="muted serif">{at[i].prompt}</p>
                <p className="serif texts-text">
                  {at[i].arms[arm]!.map(({ text }, j) => (
                    <span key={j} className={i === 1 && changed?.[j] ? 'changed' : undefined}>
                      {j === 0 ? text.trimStart() : text}
                    </span>
                  ))}
                </p>
              </>
            ) : (
              <p className="muted">This run holds no continuation.</p>
            )}
          </article>
        ))}
      </div>
    </Figure>
  );
}
