/** Files made in the page: Blobs and data URLs handed to the browser as downloads. */

export function downloadUrl(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

export function downloadFile(contents: string | Uint8Array<ArrayBuffer>, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([contents], { type }));
  downloadUrl(url, name);
  // The download has its own reference once the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const downloadText = (text: string, name: string, type: string): void => downloadFile(text, name, type);

export interface Table {
  head: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function csvOf(table: Table): string {
  return [table.head, ...table.rows].map((row) => row.map(cell).join(',')).join('\n') + '\n';
}
