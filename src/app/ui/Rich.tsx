/** A message with parts of it marked up: what stands between `<b>` and `</b>` in the catalogue is drawn by `tags.b`. */
import { createElement, Fragment, type ReactNode } from 'react';
import type { MessageParams } from '../../experiment/message';
import type { MessageKey } from '../../i18n/keys';
import { useWords } from '../state/text';

interface Props {
  text: MessageKey;
  params?: MessageParams;
  tags: Record<string, (parts: ReactNode) => ReactNode>;
}

export function Rich({ text, params = {}, tags }: Props) {
  return createElement(Fragment, null, ...useWords().rich<ReactNode>(text, params, tags));
}
