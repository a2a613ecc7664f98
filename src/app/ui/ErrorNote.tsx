/** An error where it happened: what, what to do about it, and the code to report it by. */
import type { ReactNode } from 'react';
import type { LabErrorJson } from '../../experiment/errors';
import { useWords } from '../state/text';

interface Props {
  error: LabErrorJson;
  /** A further sentence after the remedy. */
  more?: string;
  actions?: ReactNode;
}

export function ErrorNote({ error, more, actions }: Props) {
  const { what, remedy } = useWords().error(error);
  const quiet = error.code === 'cancelled';
  return (
    <div
      className={quiet ? 'note' : 'note note-error'}
      role={quiet ? 'status' : 'alert'}
      data-testid="error"
      data-code={error.code}
    >
      <p className="note-what">{what}</p>
      <p className="note-remedy">
        {remedy}
        {more && ` ${more}`}
      </p>
      <div className="note-foot">
        {actions}
        <code>{error.code}</code>
      </div>
    </div>
  );
}
