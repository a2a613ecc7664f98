/** The reader's language, and the words in it. */
import { create } from 'zustand';
import { wordsOf, type Locale, type Words } from '../../i18n/text';

const useLocale = create<{ locale: Locale; setLocale: (locale: Locale) => void }>((set) => ({
  locale: 'en',
  setLocale: (locale) => set({ locale }),
}));

/** The words of the reader's language; a component that uses it is drawn anew when the language changes. */
export function useWords(): Words {
  return wordsOf(useLocale(({ locale }) => locale));
}

/** The same words outside a component, as they are now. */
export function currentWords(): Words {
  return wordsOf(currentLocale());
}

/** The reader's language, for what formats numbers outside a component. */
export function currentLocale(): Locale {
  return useLocale.getState().locale;
}
