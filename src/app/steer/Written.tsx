/** A text as a model is given it: special tokens in boxes, the tokens that are read underlined. */
import type { RenderedPrompt } from '../../experiment/run';
import { tokenName } from '../ui/format';
import { useWords } from '../state/text';

export function Written({ text }: { text: RenderedPrompt }) {
  const special = new Set(text.special);
  const read = new Set(text.read);
  return (
    <p className="read-tokens">
      {text.tokens.map((token, i) => (
        <span
          key={i}
          className={[special.has(i) ? 'special' : '', read.has(i) ? 'read' : ''].join(' ').trim() || undefined}
        >
          {tokenName(token)}
        </span>
      ))}
    </p>
  );
}

type Both = Record<'source' | 'target', RenderedPrompt>;

const same = ({ source, target }: Both): boolean => source.tokens.join('\n') === target.tokens.join('\n');

/** The same text as both models are given it; once where that is the same. */
export function WrittenForBoth({
  texts,
  titles,
}: {
  texts: readonly Both[];
  titles: { source: string; target: string };
}) {
  const words = useWords();
  const sides = texts.every(same) ? (['source'] as const) : (['source', 'target'] as const);
  return (
    <>
      {sides.map((side) => (
        <div key={side}>
          <span className="muted">{sides.length === 1 ? words.text('steer.both-models') : titles[side]}</span>
          {texts.map((text, i) => (
            <Written key={i} text={text[side]} />
          ))}
        </div>
      ))}
    </>
  );
}
