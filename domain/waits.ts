/**
 * For what a procedure waits that does not go on by itself, in the word that the index keeps beside the outcomes
 * (`FerryOutcome`). `heldUntil`: for an instant; the others wait for a person. Pure.
 */
export const waits = ['held', 'heldUntil', 'paused', 'parked'] as const;
export type Waits = (typeof waits)[number];

export const isWaits = (word: string): word is Waits => (waits as readonly string[]).includes(word);

/** Those that wait for a person. */
export const waitsForPerson = ['held', 'paused', 'parked'] as const satisfies readonly Waits[];

/**
 * Whatever runs, of whichever kind, and needs a person, in the word of the same index. `unfenced`: a source that was taken to
 * be dead, and that nobody has stopped. `troubled`: it looks again by itself, and a person has to see why in vain.
 */
export const needsPerson = [...waitsForPerson, 'unfenced', 'troubled'] as const;
export type NeedsPerson = (typeof needsPerson)[number];
