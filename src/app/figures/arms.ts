/** How an arm is shown: one colour, one mark and one name on every figure and in every text (`experiment/arms.ts`). */
import { ARM_SPECS, armSpec, type Arm, type ComparedArm, type KnownArm } from '../../experiment/arms';
import { currentWords } from '../state/text';

export interface ArmStyle {
  name: string;
  short: string;
  help: string;
  /** Custom property that holds the colour. */
  color: string;
  /** Plotly's name of the mark; ArmMark draws the same. */
  symbol: KnownArm['symbol'];
}

const colorOf = (arm: Arm | ComparedArm): string => `--arm-${arm}`;

/** The style of each arm. The words are those of the reader's language at the time that they are asked for. */
export const ARM_STYLES = Object.fromEntries(
  ARM_SPECS.map(({ id: arm }) => [
    arm,
    {
      get name() {
        return currentWords().text(`arms.${arm}.name`);
      },
      get short() {
        return currentWords().text(`arms.${arm}.short`);
      },
      get help() {
        return currentWords().text(`arms.${arm}.help`);
      },
      color: colorOf(arm),
      symbol: armSpec(arm).symbol,
    },
  ]),
) as Record<Arm | ComparedArm, ArmStyle>;

/** The mark of an arm with its inside left open, for the second of two runs. */
export const openSymbol = (arm: Arm): string => `${armSpec(arm).symbol.replace(/-open$/, '')}-open`;

/** The custom properties of all arms' colours, for the light and the dark page: the same rules as in tokens.css. */
export function armColorRules(): string {
  const rules = (theme: 'light' | 'dark'): string =>
    ARM_SPECS.map(({ id, color }) => `${colorOf(id)}: ${color[theme]};`).join(' ');
  return [
    `:root { ${rules('light')} }`,
    `@media (prefers-color-scheme:dark) { :root:not([data-theme='light']) { ${rules('dark')} } }`,
    `:root[data-theme='dark'] { ${rules('dark')} }`,
  ].join('\n');
}

/** Puts the colours of the arms into a page. */
export function installArmColors(page: Document): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(armColorRules());
  page.adoptedStyleSheets.push(sheet);
}
