/** What the exit status tells a script. */
export const exits = {
  done: 0,
  /** It ran, and did not go through: rolled back, refused. */
  notThrough: 1,
  usage: 2,
  /** The API refused the request. */
  refused: 3,
  /** The API does not answer. */
  unreachable: 4,
  /** It waits for a person; on the way back it also tries again by itself. */
  parked: 5,
  /** By Ctrl-C: what was watched goes on; of `up`, before it was ready or had its verdict. */
  interrupted: 130,
} as const;

export type Exit = (typeof exits)[keyof typeof exits];

export const exitHelp = `
Exit status:
  0  done
  1  it did not go through: rolled back, refused, not possible, a peer out of reach
  2  wrong usage
  3  the API refused the request
  4  the API does not answer
  5  it is parked: it waits for a person, or, on the way back, for its next try
  130  interrupted by Ctrl-C; what was watched goes on, what was not ready yet is ended`;
