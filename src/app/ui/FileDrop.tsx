/** A place to drop files on, with a button that chooses them. */
import type { ReactNode } from 'react';
import { DropZone } from './DropZone';

interface Props {
  children: ReactNode;
  /** What the button says. */
  label: string;
  /** Endings that the file dialog shows first. */
  accept: string;
  multiple?: boolean;
  testId: string;
  onFiles: (files: File[]) => void;
}

export function FileDrop({ children, label, accept, multiple = false, testId, onFiles }: Props) {
  const give = (files: File[]): void => {
    if (files.length > 0) onFiles(files);
  };
  return (
    <DropZone onDrop={(dropped) => give([...dropped.files])}>
      <p>{children}</p>
      <label className="file-button">
        {label}
        <input
          type="file"
          accept={accept}
          multiple={multiple}
          data-testid={testId}
          onChange={(event) => {
            const files = [...(event.target.files ?? [])];
            // The same file may be chosen again after it was mended.
            event.target.value = '';
            give(files);
          }}
        />
      </label>
    </DropZone>
  );
}
