/**
 * Every way in which a procedure can fail, or a request be refused: a closed union.
 * `retry`: can asking again help? `status`: what the API answers where the failure answers a request (RFC 9110).
 * `remedy`: what a person can do. `docs/failures.md` says the same at length; a test keeps both in step.
 */
export const failures = {
  PeerUnavailable: {
    retry: true,
    status: 503,
    remedy: 'Look at the peer named in the message: it did not answer, or said that it cannot now.',
  },
  PeerRejected: {
    retry: false,
    status: 502,
    remedy: 'The peer understood the call and refused it: mend what its answer names, then try again.',
  },
  PeerMalformed: {
    retry: false,
    status: 502,
    remedy:
      'The peer answered with something that its standard does not allow: check its dialect and version in the configuration.',
  },
  NotYet: { retry: true, status: 504, remedy: 'What was waited for never came: look at the peer, then try again.' },
  Conflict: {
    retry: true,
    status: 409,
    remedy:
      'Ferry reads the resource again by itself. If it stays so, look at it at the peer: its state forbids the call.',
  },
  UnknownName: {
    retry: false,
    status: 422,
    remedy: 'Name a site, application, user or network of the configuration file.',
  },
  NotServing: {
    retry: false,
    status: 409,
    remedy: 'Name the site whose instance serves these users (`ferry where`; none: docs/operations.md).',
  },
  PromisedElsewhere: {
    retry: false,
    status: 409,
    remedy:
      'Follow that relocation with `ferry show`: wait for its end, or cancel it. If it was terminated, docs/operations.md says how its users are released.',
  },
  AuthoritySplit: {
    retry: false,
    status: 409,
    remedy:
      'Two instances accept writes of the same users: find out by their logs which one is right, and have its orchestrator stop the other.',
  },
  TargetRefused: { retry: false, status: 409, remedy: 'Choose another target, or free resources at this one.' },
  ServiceMissing: {
    retry: false,
    status: 409,
    remedy: 'Start the missing MEC service at the target, or choose a target that has it.',
  },
  MobilityNotAllowed: {
    retry: false,
    status: 403,
    remedy: "The application's own mobility level forbids the move: its provider has to raise it.",
  },
  ContractMissing: {
    retry: false,
    status: 409,
    remedy:
      'Where it is said what can be had without the application contract, `ferry plan` tells what may be lost by it: accept that (`--accept`). Otherwise only the contract will do: have its provider keep it.',
  },
  NotSteerable: {
    retry: false,
    status: 409,
    remedy: 'Neither side has rules that could lead devices to the target: give one of them a DNS or traffic rule.',
  },
  PackageInvalid: { retry: false, status: 422, remedy: 'Mend the package: manifest, descriptor and files must agree.' },
  PackageMismatch: {
    retry: false,
    status: 409,
    remedy:
      'The target holds other content under the same descriptor id and version: remove it there, or raise the version.',
  },
  LcmOperationFailed: {
    retry: false,
    status: 502,
    remedy: 'Look at the life cycle operation named in the message at the orchestrator, then try again.',
  },
  WrongHost: {
    retry: false,
    status: 502,
    remedy:
      'The orchestrator placed the instance elsewhere: check its placement policy and the address range of the site.',
  },
  EndpointUnusable: {
    retry: false,
    status: 502,
    remedy:
      'The orchestrator tells an endpoint that cannot be used: have it tell what the message wants, or mend range and port in the configuration.',
  },
  TargetNotReady: {
    retry: false,
    status: 504,
    remedy: 'The instance runs but its application did not become ready as a standby: look at its log.',
  },
  SubscriptionRefused: {
    retry: false,
    status: 409,
    remedy: 'The target platform refused a subscription that the application needs: see its answer in the message.',
  },
  OwnershipLost: {
    retry: false,
    status: 409,
    remedy: 'Somebody else changed the rule meanwhile: find out who, then try again.',
  },
  ReceiptUnreadable: {
    retry: false,
    status: 500,
    remedy: 'Give the workers the FERRY_SECRET with which the relocation began, then retry.',
  },
  PathNotObserved: {
    retry: false,
    status: 504,
    remedy:
      'The rules were accepted, but devices would not have reached the target: look at the resolver and the user plane.',
  },
  ContextNotCopied: {
    retry: false,
    status: 504,
    remedy: 'The source did not copy its context in time: look at the link between the two instances.',
  },
  TransferNotCompleted: {
    retry: false,
    status: 504,
    remedy:
      'The application did not report the context of its users as transferred (MEC 021): look at its log, and at the link between the two instances.',
  },
  InterruptionTooLong: {
    retry: false,
    status: 409,
    remedy: 'Allow a longer interruption, or move when the application has less to transfer.',
  },
  DeadlinePassed: { retry: false, status: 409, remedy: 'Start again with a later deadline.' },
  KeptBySource: {
    retry: false,
    status: 409,
    remedy: 'The source decided to keep its users (the target did not answer in time): start anew.',
  },
  WritesMissing: {
    retry: false,
    status: 502,
    remedy:
      'The target has taken the users over without all that the source gave it: its application does not keep what the contract has it copy. Mend it, or bring the writes back from the source, which still has them, before the relocation is abandoned.',
  },
  SourceLost: {
    retry: false,
    status: 409,
    remedy:
      'The source no longer serves its users, and the target holds the only copy of their context: bring the source back and retry, make the target take its place with `ferry recover`, or abandon, which leaves the target as it is.',
  },
  NotLost: {
    retry: false,
    status: 409,
    remedy:
      'Somebody serves these users: see the message. Nothing is taken over from whoever does: go on without, or where he is not to serve have him stopped, then once more.',
  },
  OtherUnknown: {
    retry: false,
    status: 409,
    remedy:
      'Another instance of the application may serve some of these users: see to it that it can be asked, or have it stopped, then recover again; or accept that (`--accept-other-unknown`).',
  },
  NotFenced: {
    retry: false,
    status: 409,
    remedy:
      'No operation is seen that ended the source: have its orchestrator end it and recover again, or switch its host off and accept a weaker fence (`--accept-fence`).',
  },
  BetterCopy: {
    retry: false,
    status: 409,
    remedy: 'Name the site in the message as the target: it holds more of these users than this one.',
  },
  UnknownFence: { retry: false, status: 404, remedy: 'List those that wait for a lost source: `ferry fences`.' },
  InDoubt: {
    retry: false,
    status: 409,
    remedy:
      'Only the source can tell who serves its users: see to it that it can be reached, then retry; where it is dead, `ferry recover`.',
  },
  StillInUse: {
    retry: false,
    status: 409,
    remedy:
      'Clients still reach the source, which relays them. Retry when they are gone, or abandon to keep it as a relay.',
  },
  WorldEnded: { retry: false, status: 410, remedy: 'The sandbox that this run belonged to is gone: start anew.' },
  Unexpected: {
    retry: false,
    status: 500,
    remedy: "A mistake in Ferry: look at the worker's log, and report it with the run's history.",
  },
  Cancelled: { retry: false, status: 409, remedy: 'It was cancelled: start anew.' },
  AlreadyRelocating: {
    retry: false,
    status: 409,
    remedy: 'Follow the link to the relocation that runs; cancel it, or wait for its end.',
  },
  KeyReused: {
    retry: false,
    status: 409,
    remedy: 'Send another Idempotency-Key for another request, or the same body with this one.',
  },
  Evacuating: {
    retry: false,
    status: 409,
    remedy: 'The target is being emptied: name another one, or wait until `ferry evacuations` says that it is over.',
  },
  OnHold: {
    retry: false,
    status: 409,
    remedy: 'An operator holds the target: `ferry holds` says why; name another one, or end the hold.',
  },
  UnknownHold: {
    retry: false,
    status: 404,
    remedy: 'Nobody holds that site: `ferry holds` lists those that are held.',
  },
  AnchorInProgress: {
    retry: true,
    status: 409,
    remedy:
      'An anchor to this source is being made, moved or given back: `ferry anchors` tells which, and what it waits for.',
  },
  AlreadyAnchored: {
    retry: false,
    status: 409,
    remedy: 'Follow the link to the anchor that is there: release it first to lead its devices elsewhere.',
  },
  UnknownAnchor: { retry: false, status: 404, remedy: 'List the anchors to find its id: `ferry anchors`.' },
  AlreadyEvacuating: {
    retry: false,
    status: 409,
    remedy: 'Follow the link to the evacuation that runs: change its window, or cancel it.',
  },
  UnknownEvacuation: {
    retry: false,
    status: 404,
    remedy: 'List the evacuations to find its id: `ferry evacuations`; the name of a site means its latest.',
  },
  NotLocated: {
    retry: false,
    status: 422,
    remedy:
      'Give each network of these sites a `location` in the configuration, and the Ferry a `callback` where that service reaches it.',
  },
  AlreadyFollowed: {
    retry: false,
    status: 409,
    remedy: 'Follow the link to the follower that runs: end it first to follow otherwise.',
  },
  UnknownFollower: { retry: false, status: 404, remedy: 'List the followers to find its id: `ferry followers`.' },
  UnknownRelocation: { retry: false, status: 404, remedy: 'List the relocations to find its id.' },
  NotPossibleNow: {
    retry: false,
    status: 409,
    remedy: 'The message says what is under way there, and which actions that state allows.',
  },
  CancelTooLate: {
    retry: false,
    status: 409,
    remedy: 'The source may have given its users away: the relocation goes forward. Move them back with a new one.',
  },
  UnknownPartner: {
    retry: false,
    status: 404,
    remedy: 'Name a partner of the configuration file; `ferry federation` lists them.',
  },
  NotFederated: {
    retry: false,
    status: 409,
    remedy:
      'There is no agreement with this partner: `ferry federation` tells why, and `ferry federation join` asks for one.',
  },
  FederationSuspended: {
    retry: false,
    status: 409,
    remedy: 'One of the two operators has suspended the federation: `ferry federation` tells which, and since when.',
  },
  NothingFound: {
    retry: false,
    status: 404,
    remedy:
      'Nobody who may be asked offers it now: `ferry offers` lists what is known, and the answer tells which partners were asked, and what each said.',
  },
  NotSpoken: {
    retry: false,
    status: 409,
    remedy: 'The peer named in the message does not speak what this needs: choose another way, or another peer.',
  },
  NotCarried: {
    retry: false,
    status: 409,
    remedy: 'Gateways carry REST over HTTP: choose an offer with that transport.',
  },
  DecisionRefused: {
    retry: false,
    status: 409,
    remedy:
      'The partner or orchestrator named in the message does not admit the consumption: its operator can say why.',
  },
  AlreadyBound: {
    retry: false,
    status: 409,
    remedy: 'The platform uses another offer of that name: release that binding first, or go on using it.',
  },
  PathNotOpen: {
    retry: true,
    status: 504,
    remedy: 'A gateway between consumer and producer does not answer, or does not pass it: see that both gateways run.',
  },
  UnknownBinding: { retry: false, status: 404, remedy: 'List the bindings to find its id: `ferry bindings`.' },
  Overloaded: {
    retry: true,
    status: 503,
    remedy:
      'More was asked for than can be begun in time, and nothing of this was begun: ask again after Retry-After, with the same Idempotency-Key.',
  },
  CatalogueUnavailable: {
    retry: true,
    status: 503,
    remedy: 'Look at the PostgreSQL server of DATABASE_URL: what the federator knows is there.',
  },
} as const satisfies Record<string, { retry: boolean; status: number; remedy: string }>;

export type FailureType = keyof typeof failures;

export const isFailureType = (type: unknown): type is FailureType =>
  typeof type === 'string' && Object.hasOwn(failures, type);

/** A no of our own, before any peer is asked. */
export class Refusal extends Error {
  readonly type: FailureType;
  /** Where to look instead, as a path of the API. */
  readonly see: string | undefined;
  /** When asking again may help. */
  readonly afterSeconds: number | undefined;

  constructor(type: FailureType, message: string, see?: string, afterSeconds?: number) {
    super(message);
    this.type = type;
    this.see = see;
    this.afterSeconds = afterSeconds;
  }
}
