/** What the directions of an arm are made from. Each dosed arm of `experiment/arms.ts` has a file of its own beside this one. */
import type { ComparedArm, DosedArm } from '../../experiment/arms';
import type { AffineMap } from '../../math/affine-map';
import type { MatrixLike } from '../../math/matrix';
import type { PairStates } from '../extract';
import { rowsOf, type Layers } from '../fit';
import { pickRows, type Sample } from '../rows';

export interface ArmInput {
  /** As found in the states of the contrast pairs, at their own lengths: [dS] in the source, [dT] carried across, [dT] in the target. */
  vectors: Record<'source' | 'mapped' | 'native', Float32Array>;
  /** The map that carries the vector, and whether its bias goes with it (W·v + p). */
  map: AffineMap;
  addBias: boolean;
  /** The two steered blocks (0-based). */
  layers: Layers;
  /** Paired states of the corpus, bounded in number. */
  sample: Sample;
  /** Width of the model that is steered. */
  width: number;
  /** How many directions to draw, and from which seed. */
  draws: number;
  seed: number;
  signal: AbortSignal;
}

export interface ArmDirections<A extends DosedArm = DosedArm> {
  id: A;
  /** Unit directions [width], one or as many as are drawn; continuation k is steered with direction k mod count. */
  directions(input: ArmInput): Float32Array[] | Promise<Float32Array[]>;
  /** The same from the settings alone: of the arms that `experiment/arms.ts` calls seeded. */
  fromSeed?(width: number, draws: number, seed: number): Float32Array[];
}

/** What is read of a side of the pairs, by the model that is steered: one list of token ids a pair. */
export type ReadTokens = Record<'positive' | 'negative', number[][]>;

/** The mean state of every token that a model has read, at one block. */
export interface TokenTable {
  /** Mean of all states [width]. */
  mean: Float64Array;
  /** Mean state [width] by token id. */
  tokens: ReadonlyMap<number, Float64Array>;
}

/** What a source with other weights makes of the same texts. */
export interface OtherSource {
  /** Its states at the sample's training rows, [rows × dS]. */
  rows: Float32Array;
  /** Of the contrast pairs. */
  pairs: PairStates;
}

/** What the arms that are compared at the reported dose need besides; each is made when it is asked for. */
export interface ComparedInput extends Omit<ArmInput, 'width'> {
  /** The vector of states of pairs, by the method of the settings; those that make the vector, not those held back. */
  extract: (states: PairStates) => Float32Array;
  /** Tokens of the contrast pairs as the target reads them. */
  read: () => ReadTokens;
  tokenTable: () => Promise<TokenTable>;
  /** The source with its weights shuffled by a seed; null where there is no room for it. */
  otherSource: ((seed: number) => Promise<OtherSource>) | null;
}

export interface ComparedDirections<A extends ComparedArm = ComparedArm> {
  id: A;
  /**
   * Unit directions [dT], one a draw. None where the arm has nothing to steer along: it then has no effect.
   * Null where it cannot be made here.
   */
  directions(input: ComparedInput): Promise<Float32Array[] | null>;
}

/** Training rows of the sample at the two blocks of the map. */
export function sampledRows({ sample, layers }: Pick<ArmInput, 'sample' | 'layers'>): { X: MatrixLike; Y: MatrixLike } {
  const train = rowsOf(sample, false);
  const of = (role: 'source' | 'target'): MatrixLike => {
    const { width, blocks } = sample[role];
    return { rows: train.length, cols: width, data: pickRows(blocks[layers[role]], train, width) };
  };
  return { X: of('source'), Y: of('target') };
}
