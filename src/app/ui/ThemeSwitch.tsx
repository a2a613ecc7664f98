/** Light, dark, or as the system has it. */
import { useEffect } from 'react';
import { systemDark, useLab, type ThemeChoice } from '../state/store';
import { useWords } from '../state/text';

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };

function apply(theme: ThemeChoice): void {
  const root = document.documentElement;
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem('lrt-theme');
    else localStorage.setItem('lrt-theme', theme);
  } catch {
    // Storage may be switched off; the choice then lasts until the page is closed.
  }
  useLab.setState({ theme, dark: theme === 'system' ? systemDark.matches : theme === 'dark' });
}

export function ThemeSwitch() {
  const words = useWords();
  const theme = useLab((s) => s.theme);
  useEffect(() => {
    const follow = (): void => {
      if (useLab.getState().theme === 'system') useLab.setState({ dark: systemDark.matches });
    };
    systemDark.addEventListener('change', follow);
    return () => systemDark.removeEventListener('change', follow);
  }, []);
  return (
    <button
      type="button"
      className="icon"
      data-testid="theme"
      aria-label={words.text('shell.theme.change', {
        theme: words.text(`shell.theme.name.${theme}`),
        next: words.text(`shell.theme.name.${NEXT[theme]}`),
      })}
      title={words.text('shell.theme.now', { theme: words.text(`shell.theme.name.${theme}`) })}
      onClick={() => apply(NEXT[theme])}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="5.6" />
        {theme === 'system' && <path d="M8 2.4a5.6 5.6 0 0 1 0 11.2z" className="filled" />}
        {theme === 'dark' && <circle cx="8" cy="8" r="5.6" className="filled" />}
      </svg>
    </button>
  );
}
