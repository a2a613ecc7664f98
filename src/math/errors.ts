/** Numbers that are NaN or infinite where none may be. */
export class NonFiniteError extends RangeError {
  /** Where rows had been left out for it, and too few remained: how many, and of how many. */
  readonly excluded: { rows: number; of: number } | null;

  constructor(message: string, excluded: NonFiniteError['excluded'] = null) {
    super(message);
    this.name = 'NonFiniteError';
    this.excluded = excluded;
  }
}
