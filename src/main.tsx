/** Starts the page: the lab, or the link in its address. */
import '@fontsource-variable/source-sans-3/wght.css';
import '@fontsource-variable/source-serif-4/wght.css';
import './app/shell/tokens.css';
import './app/shell/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { installArmColors } from './app/figures/arms';
import { begin, Root } from './app/shell/Root';

installArmColors(document);
begin();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
