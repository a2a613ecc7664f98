import { distinctN } from '../math/information';
import { metric } from './metric';
import { meanOver, wordIds } from './words';

/** distinct-2 (Li et al. 2016) over words, mean over continuations: how varied the text is. */
export const distinct2 = metric({
  id: 'distinct2',
  column: 'distinct2',
  unit: 'share',
  digits: 2,
  costly: 'lower',
  shown: true,
  of: ({ texts }) => meanOver(texts, (text) => distinctN(wordIds(text), 2)),
});
