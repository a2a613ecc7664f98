/**
 * A report as a value: headings, paragraphs, lists, tables and quotations, rendered as Markdown or as an HTML page. Texts are
 * plain texts: whatever they hold is shown as it is, in both.
 */

/** A run of text: plain, bold or code. */
export type Inline = string | { bold: string } | { code: string };

export type Block =
  | { kind: 'heading'; level: 1 | 2; text: string }
  | { kind: 'paragraph'; text: Inline[] }
  | { kind: 'list'; items: Inline[][] }
  | { kind: 'table'; head: string[]; rows: string[][] }
  | { kind: 'quote'; text: string };

export const heading = (level: 1 | 2, text: string): Block => ({ kind: 'heading', level, text });
export const paragraph = (...text: Inline[]): Block => ({ kind: 'paragraph', text });
export const list = (items: readonly (string | Inline[])[]): Block => ({
  kind: 'list',
  items: items.map((item) => (typeof item === 'string' ? [item] : item)),
});
export const table = (head: string[], rows: string[][]): Block => ({ kind: 'table', head, rows });
export const quote = (text: string): Block => ({ kind: 'quote', text });

/** Renders Markdown (CommonMark with GitHub's tables). Characters that mean something there are escaped. */
export function toMarkdown(blocks: readonly Block[]): string {
  return (
    blocks
      .map(markdownBlock)
      .filter((text) => text !== '')
      .join('\n\n') + '\n'
  );
}

/** Escapes what would be markup; a line break would end the block. */
const plain = (text: string): string => text.replaceAll(/[\\`*_<[]/g, String.raw`\$&`).replaceAll(/\s*\n\s*/g, ' ');

function markdownInline(parts: readonly Inline[]): string {
  return parts
    .map((part) =>
      typeof part === 'string'
        ? plain(part)
        : 'bold' in part
          ? `**${plain(part.bold)}**`
          : `\`${part.code.replaceAll('`', "'")}\``,
    )
    .join('');
}

function markdownBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${plain(block.text)}`;
    case 'paragraph':
      return markdownInline(block.text);
    case 'list':
      return block.items.map((item) => `- ${markdownInline(item)}`).join('\n');
    case 'table': {
      const line = (cells: string[]): string =>
        `| ${cells.map((cell) => plain(cell).replaceAll('|', '\\|')).join(' | ')} |`;
      return [line(block.head), line(block.head.map(() => '---')), ...block.rows.map(line)].join('\n');
    }
    case 'quote':
      return block.text
        .trim()
        .split('\n')
        .map((line) => `> ${plain(line)}`)
        .join('\n');
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);

/** Fonts of the reader's own, so that the file needs nothing beside it; tables that do not break across printed pages. */
const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1.25rem; }
p, li, blockquote { overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin: 2.2em 0 0.6em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.9rem 0.3rem 0; border-bottom: 1px solid #8886; }
blockquote { margin: 0.5rem 0 1.2rem; padding-left: 1rem; border-left: 3px solid #8886; font-family: Georgia, serif; white-space: pre-line; }
code { font-size: 0.85em; overflow-wrap: anywhere; }
@media print { body { max-width: none; margin: 0; font-size: 10.5pt; } h2 { break-after: avoid; } tr, blockquote { break-inside: avoid; } .scroll { overflow: visible; } }
`;

/** Renders a whole HTML page that needs nothing beside it: no script, no fetched font, printable. */
export function toHtml(title: string, blocks: readonly Block[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${blocks.map(htmlBlock).join('\n')}
</body>
</html>
`;
}

const htmlInline = (parts: readonly Inline[]): string =>
  parts
    .map((part) =>
      typeof part === 'string'
        ? escape(part)
        : 'bold' in part
          ? `<strong>${escape(part.bold)}</strong>`
          : `<code>${escape(part.code)}</code>`,
    )
    .join('');

function htmlBlock(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escape(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${htmlInline(block.text)}</p>`;
    case 'list':
      return block.items.length === 0
        ? ''
        : `<ul>${block.items.map((item) => `<li>${htmlInline(item)}</li>`).join('')}</ul>`;
    case 'table': {
      const row = (cells: string[], tag: string): string =>
        `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
      return `<div class="scroll"><table><thead>${row(block.head, 'th')}</thead><tbody>${block.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>`;
    }
    case 'quote':
      return `<blockquote>${escape(block.text.trim())}</blockquote>`;
  }
}
