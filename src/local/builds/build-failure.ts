/** Why a build did not end well, for the user: the vendor's code, a sentence, and the step that failed. */
export class BuildFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
