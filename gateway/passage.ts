import type { Credentials } from '../adapters/http.ts';
import type { Path } from '../catalogue/paths.ts';
import type { Target } from './target.ts';
import type { Telling } from './telling.ts';

/** One request on its way: where to, and how it and its answer are told there. */
export interface Passage {
  readonly path: Path;
  readonly asked: string;
  /** Of what was asked here. */
  readonly target: Target;
  readonly asks: Telling;
  readonly answers: Telling;
  /** Where the next one is a partner's gateway: who we are there, and that it has refused. */
  readonly credentials?: Credentials;
  readonly refusedThere?: () => void;
  /** The service's answer tells what became of it: a resource was made, by its address there; null: none. Else nobody knows. */
  readonly answered?: (made: string | null) => Promise<void>;
  /** A resource was taken away, by its address at the service. */
  readonly removed?: (url: string) => Promise<void>;
}

/** What becomes of it. */
export interface Course {
  /** Ends it at any time; its reason may be a refusal. */
  readonly signal: AbortSignal;
  /** Is told of every byte of a body, in either direction. */
  readonly passed: (bytes: number) => void;
  /** Certificates are not as they must be, there or here: for whoever mends it, never for whoever asks. */
  readonly distrusted: (why: string) => void;
}
