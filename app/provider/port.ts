import type { Asked, Refusal } from '../grant/grantable/asked.ts'
import type { Intent } from '../grant/intent.ts'

export type FaultKind =
  | 'throttled'
  | 'conflict'
  | 'not_found'
  | 'forbidden'
  | 'invalid'
  | 'unavailable'
  | 'unknown'

/** So long a cloud may keep us away: whoever can write its answers must not put revocations off for ever. */
const longestRetryAfterMs = 5 * 60_000

/** A cloud's refusal or silence, classified. `unknown` never means absent. */
export class ProviderError extends Error {
  readonly kind: FaultKind
  /** Milliseconds the cloud asked us to wait, five minutes at most. */
  readonly retryAfter: number | undefined
  constructor(kind: FaultKind, message: string, options: { cause?: unknown; retryAfter?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'ProviderError'
    this.kind = kind
    this.retryAfter =
      options.retryAfter === undefined ? undefined : Math.min(options.retryAfter, longestRetryAfterMs)
  }
}

/** Whether the cloud refused, and would again: all else is trouble, and tells nothing of what is configured. */
export const isRefusal = ({ kind }: ProviderError): boolean =>
  kind === 'forbidden' || kind === 'invalid' || kind === 'not_found'

/** We were busy ourselves: the cloud has heard nothing, and says nothing by it. */
export class NotSentError extends ProviderError {
  constructor(message: string, options: { retryAfter?: number } = {}) {
    super('throttled', `${message}; nothing was sent`, options)
  }
}

export type Observation =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'present'
      readonly expiresAt?: number
      readonly handle: string
      /** In what, besides its end, it gives more or other than the intent says; absent where it does not. */
      readonly differs?: string
      /** What its sessions go without, because the cloud does not allow it: permissions by name. */
      readonly without?: readonly string[]
    }
  | { readonly kind: 'unknown'; readonly why: string }

/** What `list` finds. */
export type Binding = {
  /** The grant's id from our mark, where the cloud carries marks. */
  readonly grant: string
  /** The `bindingKey` of the grant whose place it is in. */
  readonly handle: string
  readonly principal: string
  readonly role: string
  readonly scope: string
  readonly expiresAt?: number
  /** The same as an observation's, of the grant whose place it is in. */
  readonly differs?: string
}

/** A place that `list` could not read, and why. `place` is a scope: `account` says what it has to do with a grant's. */
export type Unread = { readonly place: string; readonly kind: FaultKind; readonly why: string }

/** What is not among `bindings` is not there, unless it is in a place that is `unread`. */
export type Listing = { readonly bindings: readonly Binding[]; readonly unread: readonly Unread[] }

/**
 * One call's bounds: `deadline` is epoch milliseconds; `signal` aborts at it. What has not had its turn when `turnBy`
 * aborts is not sent any more. `attempt` counts a grant's tries, for the log.
 */
export type Call = {
  readonly deadline: number
  readonly signal: AbortSignal
  readonly turnBy?: AbortSignal
  readonly attempt?: number
}

/** What a cloud would refuse to give from `startsAt` on (epoch ms). The same question has the same answer. */
export type Limits = (asked: Required<Asked> & { readonly startsAt: number }) => readonly Refusal[]

/**
 * The promise every cloud keeps; `test/provider/contract.ts` proves it for each implementation.
 * Level-triggered and idempotent: told the wanted state of one grant, and always able to say what is there.
 */
export type Provider = {
  readonly name: Intent['provider']
  /** Whether a grant makes an object in the cloud, whether it carries our mark, and whether grants can share one. */
  readonly traits: { readonly binding: boolean; readonly marks: boolean; readonly shared: boolean }
  /**
   * What the cloud counts calls by, and what can ail by itself: an account, a subscription, a project, a cluster. Empty
   * where it counts all together: then scopes can be unreadable each by itself.
   */
  account(scope: string): string
  /** The cloud object a grant uses, as handles name it; grants with one key share it and are reference-counted. */
  bindingKey(intent: Intent): string
  /**
   * Looks at how much the cloud still takes of a role in a scope: the limits that it alone can tell, asked before anything
   * is sealed. It changes nothing, and reserves nothing: `ensure` goes by what is there then.
   */
  limits?(of: Pick<Asked, 'cloudRole' | 'scope'>, call: Call): Promise<Limits>
  /**
   * Where the cloud carries no marks: the name there of the place that the grant would take, and whether something is in
   * it. What was absent is the grant's when it is found later; `Intent.place`, sealed before the first `ensure`, says so.
   */
  observe?(intent: Intent, call: Call): Promise<{ readonly place: string; readonly there: boolean }>
  inspect(intent: Intent, call: Call): Promise<Observation>
  /** Present after it returns. Safe to repeat; the same grant never makes two bindings. */
  ensure(intent: Intent, call: Call): Promise<Extract<Observation, { kind: 'present' }>>
  /** Safe to repeat, also for what was never there; `absent` only after a read-back. */
  remove(intent: Intent, call: Call): Promise<'removing' | 'absent'>
  /**
   * Where the requester acts as himself: what tells his tools where the grant is, none of it secret. Undefined of a grant
   * that has credentials.
   */
  environment?(intent: Intent): Readonly<Record<string, string>> | undefined
  /** Environment for the requester's commands, never beyond the grant's end. Undefined where the cloud has none. */
  credentials?(intent: Intent, session: { readonly id: string }, call: Call): Promise<Credentials>
  /** How long what was begun with the access may go on after it is gone, at most; milliseconds. Without it, not at all. */
  lingerMs?(intent: Intent): number
  /**
   * Everything that carries our mark, whatever its grant; where the cloud carries no marks, those of `intents` that are
   * there. `intents`: the sealed ones of live grants, for comparison. One place that cannot be read keeps no other from
   * being listed; where none can, that is its error.
   */
  list(call: Call, intents: readonly Intent[]): Promise<Listing>
  /**
   * Where a grant makes nothing there: those of `intents` that could be used again, though each was taken away before its
   * end. All are of one role and scope.
   */
  regained?(intents: readonly Intent[], call: Call): Promise<readonly Binding[]>
  /**
   * Leaves of a live grant's binding no more than the intent says; makes nothing and lengthens nothing, and what cannot
   * be narrowed in place goes. Safe to repeat. Where the cloud carries marks.
   * @returns what is there now, read back
   */
  cutBack?(intent: Intent, call: Call): Promise<Observation>
  /**
   * Takes away one binding that `list` found, perhaps long ago, and that is no grant's: that handle alone, and only with our
   * mark on it, with whatever belongs to it; but where the grant of that mark `lives`, in another place, what it needs
   * stays.
   * Safe to repeat, also when it is not there any more; `absent` only after a read-back. Where the cloud carries marks.
   */
  discard?(
    found: Pick<Binding, 'grant' | 'handle'> & Partial<Binding> & { readonly lives?: boolean },
    call: Call,
  ): Promise<'removing' | 'absent'>
  /** What is configured wrong, in words; empty when all is well. Throws where the cloud could not be asked. */
  check(call: Call): Promise<readonly string[]>
  /** How far apart two absent read-backs must lie after an attempt whose answer was lost, in milliseconds. */
  readonly propagationMs: number
}

export type Credentials = {
  readonly environment: Readonly<Record<string, string>>
  /** Variables that name a file, with what it holds: for tools that take no secret otherwise. */
  readonly files?: Readonly<Record<string, string>>
  readonly expiresAt: number
}
