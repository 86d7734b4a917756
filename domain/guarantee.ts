/** What can be promised to the users of an application while they are moved (GR MEC 035, [5.3.2-4], [5.4.2-3]). Pure. */

/**
 * `zeroLoss`: by the application contract. `applicationOwn`: by the application's own transfer (MEC 021), and its
 * provider's word. `none`: it keeps state, and nothing moves it. `stateless`: there is nothing to be moved.
 */
export const guarantees = ['zeroLoss', 'applicationOwn', 'none', 'stateless'] as const;
export type Guaranteed = (typeof guarantees)[number];

/** The weakest that whoever asks accepts; the strongest first. */
export const acceptable = ['zeroLoss', 'applicationOwn', 'none'] as const;
export type Accepted = (typeof acceptable)[number];

/** Is what can be had at least what was accepted? Without a word nothing is to be lost. */
export const isAccepted = (guarantee: Guaranteed, weakest: Accepted = 'zeroLoss'): boolean =>
  guarantee === 'stateless' || acceptable.indexOf(guarantee) <= acceptable.indexOf(weakest);

/** Is its instance a relay afterwards, which tells who still comes to it? */
export const tellsWhoComes = (guarantee: Guaranteed | null): boolean =>
  guarantee !== 'applicationOwn' && guarantee !== 'none';

export interface Risk {
  /** Can two instances accept writes of the same user at once? */
  readonly writerOverlap: 'impossible' | 'possible';
  /** Sentences for whoever has to accept it. */
  readonly mayBeLost: string;
  readonly mayHaveWritten: string;
  readonly interrupted: string;
}

/**
 * What is risked. `applicationOwn` holds exactly if the application has three habits, which no order of steps can
 * replace: an exploration shows what each of them keeps from happening.
 */
export const risks: Readonly<Record<Guaranteed, Risk>> = {
  zeroLoss: {
    writerOverlap: 'impossible',
    mayBeLost: 'nothing',
    mayHaveWritten: 'nobody but the authority',
    interrupted: 'for the freeze of the hand-over',
  },
  applicationOwn: {
    writerOverlap: 'possible',
    mayBeLost: 'what the application reports as transferred before the target has everything',
    mayHaveWritten: 'clients that still reach the source, if it accepts anything of a user after its last delta',
    interrupted:
      "from the application's last delta until the path has turned; and for ever after a rollback, if it does not accept again when it is told FAILED",
  },
  none: {
    writerOverlap: 'impossible',
    mayBeLost:
      'whatever the source keeps in no store of its own, also where it is rolled back after the source was stopped',
    mayHaveWritten: 'nobody but one instance at a time: the source is stopped before the path turns',
    interrupted: 'from when the source is stopped until the path has turned',
  },
  stateless: {
    writerOverlap: 'impossible',
    mayBeLost: 'nothing: it keeps no state',
    mayHaveWritten: 'nobody: it keeps no state',
    interrupted: 'not at all',
  },
};

/** At least, at most: from what was seen, and from when it was asked for. */
export interface Interruption {
  readonly atLeastMs: number;
  readonly atMostMs: number;
}
