import { repN } from '../math/information';
import { metric } from './metric';
import { meanOver, wordIds } from './words';

/** rep-3 (Welleck et al. 2020) over words, mean over continuations. */
export const rep3 = metric({
  id: 'rep3',
  column: 'rep3',
  unit: 'share',
  digits: 2,
  costly: 'higher',
  shown: true,
  limit: { setting: 'maxRep3', of: 'fluency', breaks: (value, limit) => value >= limit },
  of: ({ texts }) => meanOver(texts, (text) => repN(wordIds(text), 3)),
});
