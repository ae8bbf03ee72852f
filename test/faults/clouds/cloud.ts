import type { Faults } from '../../../app/sandbox/clouds/faults.ts'
import type { Calls, FaultName, Mischief } from '../cell.ts'

/** Places in a cloud that no two grants have at once: `slot-01` and so on. */
export const slots = Array.from({ length: 80 }, (_, at) => `slot-${String(at + 1).padStart(2, '0')}`)

/** Reads that lag do so by this much. */
export const staleMs = 30_000

/** What a requester gets to act with. */
export type Given = {
  readonly environment: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
}

/** A cloud's double, and how the service under test is pointed at it. */
export type Cloud = {
  readonly name: string
  readonly provider: 'aws' | 'azure' | 'gcp' | 'kubernetes' | 'mock'
  /** Its section of `providers`. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Of the service's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Entries of `roles.yaml`, JSON: every slot can be asked for. */
  readonly roles: readonly Readonly<Record<string, unknown>>[]
  readonly faults: Faults
  /** What cannot happen there. */
  readonly spared?: readonly FaultName[]
  /** What a request for a slot asks for. */
  asking(slot: string): { readonly role: string; readonly scope: string }
  /** What only calls about that slot say. */
  about(slot: string): string
  readonly calls: Calls
  /** Calls that the test itself makes. */
  readonly ownCalls?: readonly string[]
  /**
   * How many things there are in a slot that give access, also such as give none any more; undefined: before credentials
   * were given there is nothing to tell by.
   */
  held(slot: string): Promise<number | undefined>
  /** Where there are credentials: what was given for a slot. */
  given?(slot: string, credentials: Given): void
  /** Where there is an endpoint for gitsudo's own tokens: takes every one back that it gave out. */
  expireTokens?(): void
  /** Nobody was given any. */
  forget?(): void
  /** What others do there that a comparison finds and mends; in words, why there is no such thing to be done. */
  readonly mischief: Readonly<Record<Mischief, Deed | string>>
  /** Ends every connection, and with it whatever call was never to be answered. */
  hangUp(): void
  /** What is left when every grant is over, and should not be; empty when all is well. */
  leftovers(): readonly string[]
  close(): Promise<void>
}

/** What somebody does in a slot; `isMended`: nothing of it is left. `ends`: the grant ends by it. */
export type Deed = {
  do(slot: string): void | Promise<void>
  isMended(slot: string): boolean | Promise<boolean>
  readonly ends?: true
}

/** What others do in a cloud, where it can be done. */
export const deedOf = ({ mischief }: Pick<Cloud, 'mischief'>, what: Mischief): Deed | undefined => {
  const deed = mischief[what]
  return typeof deed === 'string' ? undefined : deed
}

/** Why nothing is revived where it would be listed. */
export const asStray = 'what came back carries the mark of a grant that is over: the same calls as a stray'

/** A mark of ours with the id of no grant. */
export const strayMark = (mark: string): string => mark.replace(/.$/, (last) => (last === '0' ? '1' : '0'))

/** Whom others give what they add. */
export const bob = {
  gcp: 'user:bob@example.com',
  azure: '4c1d7d1e-0b8f-4b53-9d0a-000000001002',
} as const

type Where = {
  readonly clock: { now(): number }
  /** A folder for files of the service's. */
  readonly dir: string
  /** Asks the service's database. */
  query(text: string, values: readonly unknown[]): Promise<readonly unknown[]>
}
export type OpenCloud = (where: Where) => Promise<Cloud>
