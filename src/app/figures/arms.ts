/** One colour, one mark and one name for each arm, on every figure and in every text. */
import type { Arm } from '../../experiment/run';

export interface ArmStyle {
  name: string;
  short: string;
  /** Custom property that holds the colour, in tokens.css. */
  color: string;
  /** Plotly's name of the mark; ArmMark draws the same. */
  symbol: 'circle-open' | 'square-open' | 'circle' | 'diamond' | 'square' | 'x-thin';
  help: string;
}

export const ARM_STYLES: Record<Arm, ArmStyle> = {
  small: {
    name: 'Small',
    short: 'small',
    color: '--arm-base',
    symbol: 'circle-open',
    help: 'The small model, left alone.',
  },
  'small-steered': {
    name: 'Small, steered',
    short: 'small steered',
    color: '--arm-small',
    symbol: 'circle',
    help: 'The small model with the steering vector found in it.',
  },
  large: {
    name: 'Large',
    short: 'large',
    color: '--arm-base',
    symbol: 'square-open',
    help: 'The large model, left alone.',
  },
  mapped: {
    name: 'Large + mapped',
    short: 'mapped',
    color: '--arm-mapped',
    symbol: 'diamond',
    help: 'The large model with the small model’s vector, carried across by the map.',
  },
  native: {
    name: 'Large + native',
    short: 'native',
    color: '--arm-native',
    symbol: 'square',
    help: 'The large model with a vector found in the large model itself: what the mapped one is measured against.',
  },
  random: {
    name: 'Large + random',
    short: 'random',
    color: '--arm-random',
    symbol: 'x-thin',
    help: 'The large model with random vectors of the same length: what any push of that size does.',
  },
};
