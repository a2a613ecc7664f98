/** A place to drop things on; what it holds is another way to choose them. */
import { useState, type ReactNode } from 'react';

export function DropZone({
  children,
  testId,
  onDrop,
}: {
  children: ReactNode;
  testId?: string;
  onDrop: (dropped: DataTransfer) => void;
}) {
  const [over, setOver] = useState(false);
  return (
    <div
      className={over ? 'drop over' : 'drop'}
      data-testid={testId}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop(event.dataTransfer);
      }}
    >
      {children}
    </div>
  );
}
