/** Why a store cannot take images, in words that follow its name. */
export class StoreError extends Error {
  /** the beginning of a sentence that says what to do; null when that is not known */
  readonly hint: string | null;

  constructor(message: string, hint: string | null) {
    super(message);
    this.hint = hint;
  }
}
