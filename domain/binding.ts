/** The use of one offer by one of our platforms, for all applications there: at the consumer's and at the producer's federator. */
export type BindingSide = 'consumer' | 'producer';

/** Forwards only, so that what comes late changes nothing. */
export type BindingState = 'admitting' | 'open' | 'closed';

/** Who settles a consumption: the federators (GR MEC 035, solution 5-2), or orchestrators and platforms (solution 5-1). */
export type Solution = 'federators' | 'direct';
