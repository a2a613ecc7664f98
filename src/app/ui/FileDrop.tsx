/** A place to drop files on, with a button that chooses them. */
import { useState, type ReactNode } from 'react';

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
  const [over, setOver] = useState(false);
  return (
    <div
      className={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const files = [...event.dataTransfer.files];
        if (files.length > 0) onFiles(files);
      }}
    >
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
            if (files.length > 0) onFiles(files);
          }}
        />
      </label>
    </div>
  );
}
