/**
 * Where devices are, as the location services of access networks tell. Users by their ueIdentityTag: no address of a device
 * passes this port. `among`: sites; the services of their networks are meant, each once.
 */
export interface Whereabouts {
  /** The access network that the user's device is in; null: none of them sees it. */
  networkOf(user: string, among: readonly string[], signal: AbortSignal): Promise<string | null>;
  /** Each of them tells our API when the device comes to a network, for so long; what is there is prolonged. */
  listen(follower: Listener, seconds: number, signal: AbortSignal): Promise<void>;
  /** "Nothing there" is success. */
  hush(follower: Listener, signal: AbortSignal): Promise<void>;
}

export interface Listener {
  /** Its id, as the API gives it out. */
  readonly follower: string;
  readonly user: string;
  readonly among: readonly string[];
}
