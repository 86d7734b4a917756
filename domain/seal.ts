/** What a history keeps without telling it: only this deployment can read what it closed. */
export interface Seal {
  close(text: string): string;
  /** Throws what was closed with another secret, changed, or never closed. */
  open(text: string): string;
}
